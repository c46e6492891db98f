/** How files of a data set are named: relative to its folder, with `/` on every system. */

import { dirname, relative, sep } from "node:path";

/** Below the folder `folder`. */
export const belowFolder = (folder: string, path: string): string =>
  relative(folder, path).split(sep).join("/");

/** Below the root of a data set: its folder, or the folder of its CSV file. */
export const fileIn = (root: string, path: string): string =>
  belowFolder(/\.(csv|tsv)$/i.test(root) ? dirname(root) : root, path);
