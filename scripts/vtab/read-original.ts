/** Reads files of originals, and says what is wrong with them. */

import { readFile } from "node:fs/promises";
import { FileError } from "../../src/errors.ts";
import { readProblem } from "../../src/files/file-problem.ts";
import { readExactly, withFile } from "../../src/files/read-file.ts";

/** The whole file; those of the originals are a few hundred megabytes at most. */
export async function readOriginal(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    throw readProblem(error, path);
  }
}

/** The lines of a text without what is blank at their ends, such as the line ends of Windows. */
export async function readLines(path: string): Promise<readonly string[]> {
  const lines = new TextDecoder().decode(await readOriginal(path)).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => line.trimEnd());
}

/** The first bytes, which tell the kind of an image. */
export const readHead = (path: string): Promise<Uint8Array> =>
  withFile(path, async (handle) => {
    const { size } = await handle.stat();
    return readExactly(handle, { path, offset: 0, length: Math.min(size, 64) });
  });

export const wrongSize = (
  path: string,
  { bytes, record }: { readonly bytes: number; readonly record: number },
): FileError =>
  new FileError(
    `${path} has ${bytes.toLocaleString("en")} bytes, which are no whole number of records of ${record.toLocaleString("en")}. Download it again.`,
  );
