/** Names of classes from a text file, one a line. */

import { readListFile } from "../datasets/read-list-file.ts";
import { FileError } from "../errors.ts";
import { limits } from "../limits.ts";

export async function readClassNames(path: string): Promise<readonly string[]> {
  const text = await readListFile(path, { maxBytes: limits.MAX_JSON_BYTES.value });
  const names = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "");
  if (names.length === 0) throw new FileError(`${path} holds no name; it needs one class a line.`);
  return names;
}
