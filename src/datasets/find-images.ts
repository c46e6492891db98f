/** All image files below a folder, whatever its layout. */

import { imagesBelow, type ListOptions, listTree } from "./list-tree.ts";

/** Full paths, in an order that is the same on every machine; an image that links lead to again is found once. */
export async function findImages(
  root: string,
  options: ListOptions = {},
): Promise<{ readonly images: readonly string[] }> {
  const { folder } = await listTree(root, options);
  return { images: [...imagesBelow(folder)] };
}
