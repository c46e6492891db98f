/** Reads files of originals, and says what is wrong with them. */

import { readFile } from "node:fs/promises";
import { FileError } from "../../src/errors.ts";
import { readProblem } from "../../src/files/file-problem.ts";

/** The whole file; those of the originals are a few hundred megabytes at most. */
export async function readOriginal(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw readProblem(error, path);
  }
}

export const wrongSize = (
  path: string,
  { bytes, record }: { readonly bytes: number; readonly record: number },
): FileError =>
  new FileError(
    `${path} has ${bytes.toLocaleString("en")} bytes, which are no whole number of records of ${record.toLocaleString("en")}. Download it again.`,
  );
