/** What is at a path, or that nothing is. */

import type { Stats } from "node:fs";
import { lstat, stat } from "node:fs/promises";
import { codeOf, readFailure } from "./file-problem.ts";

const missing = new Set(["ENOENT", "ENOTDIR"]);

/** Passes over that there is nothing at `path`; any other failure, such as a lack of permission, is thrown as ours. */
export function unlessMissing(cause: unknown, path: string): undefined {
  if (missing.has(codeOf(cause) ?? "")) return undefined;
  throw readFailure(path, cause);
}

/** What is at `path`; undefined where nothing is. A link is followed, unless `follow` is false. */
export const statOf = (
  path: string,
  { follow = true }: { readonly follow?: boolean } = {},
): Promise<Stats | undefined> =>
  (follow ? stat(path) : lstat(path)).catch((cause: unknown) => unlessMissing(cause, path));

/** Throws where that cannot be determined, as in a folder without permission. */
export const exists = async (path: string): Promise<boolean> => (await statOf(path)) !== undefined;
