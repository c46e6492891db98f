/** Creates a folder and its parents. */

import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { exists } from "./exists.ts";
import { codeOf, writeProblem } from "./file-problem.ts";

/** The first folder that was created; undefined if all existed. */
export const makeFolder = (path: string): Promise<string | undefined> =>
  make(path).catch((cause: unknown) => {
    throw writeProblem(cause, path);
  });

/**
 * Node's own recursive mkdir never
 * returns where a file system says "no such folder" of a child of a folder that is there, as /proc does.
 */
async function make(path: string): Promise<string | undefined> {
  try {
    await mkdir(path);
    return path;
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "EEXIST" && (await isFolder(path))) return undefined;
    const above = dirname(path);
    if (code !== "ENOENT" || above === path) throw cause;
    // Somebody may have made it since; then one more attempt does.
    const first = (await exists(above)) ? undefined : await make(above);
    return (await makeIn(path)) ? (first ?? path) : first;
  }
}

/** Whether it was made now, in a folder that is there. */
async function makeIn(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (cause) {
    if (codeOf(cause) === "EEXIST" && (await isFolder(path))) return false;
    throw cause;
  }
}

const isFolder = (path: string): Promise<boolean> => stat(path).then((found) => found.isDirectory());
