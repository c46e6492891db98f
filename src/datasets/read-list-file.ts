/** Reads a list of examples: a UTF-8 text file of limited size. */

import { readFile, stat } from "node:fs/promises";
import { FileError } from "../errors.ts";
import { readFailure } from "../files/file-problem.ts";
import { limits } from "../limits.ts";

const MAX_LIST_BYTES = limits.MAX_LIST_BYTES.value;
export const MAX_ROWS = limits.MAX_ROWS.value;

/** The error for a list with too many rows. */
export const tooManyRows = (path: string): FileError =>
  new FileError(`${path} has more than ${MAX_ROWS} rows, which is the limit for a list. Use a part of them.`);

/** The text of a list, without its byte order mark. */
export async function readListFile(path: string, { maxBytes = MAX_LIST_BYTES } = {}): Promise<string> {
  const bytes = await readBounded(path, maxBytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes); // drops a byte order mark
  } catch (cause) {
    throw new FileError(`${path} is not UTF-8 text. Save it as UTF-8.`, { cause });
  }
}

async function readBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const found = await stat(path);
    // Reading a pipe would wait for a writer.
    if (!found.isFile()) throw new FileError(`${path} is not a file.`);
    const { size } = found;
    if (size > maxBytes)
      throw new FileError(
        `${path} has ${size} bytes; at most ${maxBytes / 2 ** 20} MiB are allowed for a list.`,
      );
    return await readFile(path);
  } catch (cause) {
    throw cause instanceof FileError ? cause : readFailure(path, cause);
  }
}
