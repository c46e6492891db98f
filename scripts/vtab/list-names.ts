/** The names of what a folder of originals holds, in the order of their code units. */

import { byCodeUnit } from "../../src/datasets/list-tree.ts";
import { listFolder } from "./list-folder.ts";

/** What desktops leave in folders, and no data set has. */
const litter = /^(\..*|Thumbs\.db|desktop\.ini)$/;

export const listFolders = (path: string): Promise<readonly string[]> => listNames(path, true);

export const listFiles = (path: string): Promise<readonly string[]> => listNames(path, false);

async function listNames(path: string, folders: boolean): Promise<readonly string[]> {
  return (await listFolder(path))
    .filter((entry) => entry.isDirectory() === folders && !litter.test(entry.name))
    .map(({ name }) => name)
    .sort(byCodeUnit);
}
