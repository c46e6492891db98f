/** The names of what a folder of originals holds, in the order of their code units. */

import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { byCodeUnit } from "../../src/datasets/list-tree.ts";
import { FileError } from "../../src/errors.ts";
import { codeOf, readProblem } from "../../src/files/file-problem.ts";

/** What desktops leave in folders, and no data set has. */
const litter = /^(\..*|Thumbs\.db|desktop\.ini)$/;

export const listFolders = (path: string): Promise<readonly string[]> => listNames(path, true);

export const listFiles = (path: string): Promise<readonly string[]> => listNames(path, false);

async function listNames(path: string, folders: boolean): Promise<readonly string[]> {
  return (await entriesOf(path))
    .filter((entry) => entry.isDirectory() === folders && !litter.test(entry.name))
    .map(({ name }) => name)
    .sort(byCodeUnit);
}

/** A folder that is missing is a `FileError` that names it. */
async function entriesOf(path: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (cause) {
    if (codeOf(cause) !== "ENOENT" && codeOf(cause) !== "ENOTDIR") throw readProblem(cause, path);
    throw new FileError(`${path}: there is no such folder. Extract the data set again, whole.`, { cause });
  }
}
