/** The images below a folder, without labels. */

import { imagesBelow, type ListOptions, listTree } from "./list-tree.ts";

/** Their paths, in an order that is the same on every machine. */
export async function findImages(
  folder: string,
  { signal }: Pick<ListOptions, "signal"> = {},
): Promise<readonly string[]> {
  return [...imagesBelow((await listTree(folder, { signal })).folder)];
}
