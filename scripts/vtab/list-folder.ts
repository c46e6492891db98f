/** What lies in a folder of originals. */

import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { FileError } from "../../src/errors.ts";
import { codeOf, readProblem } from "../../src/files/file-problem.ts";

/** A folder that is missing is a `FileError` that names it. */
export async function listFolder(path: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (cause) {
    if (codeOf(cause) !== "ENOENT" && codeOf(cause) !== "ENOTDIR") throw readProblem(cause, path);
    throw new FileError(`${path}: there is no such folder. Extract the data set again, whole.`, { cause });
  }
}
