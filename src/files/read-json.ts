/** A small JSON file, read whole; damage is said with the file's name. */

import { FileError } from "../errors.ts";
import { readExactly, withFile } from "./read-file.ts";

/** The largest configuration seen, with 21,843 labels, has 2 MB. */
const MAX_JSON_BYTES = 32 * 2 ** 20;

/** Parses text that came from `where`. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? ` (${cause.message.slice(0, 120)})` : "";
    throw new FileError(`${where} is not JSON${reason}.`, { cause });
  }
}

/** The value in the JSON file at `path`. */
export const readJson = (path: string): Promise<unknown> =>
  withFile(path, async (handle) => {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new FileError(`${path} is not a regular file.`);
    if (stat.size > MAX_JSON_BYTES)
      throw new FileError(`${path} has ${stat.size} bytes; a configuration has at most ${MAX_JSON_BYTES}.`);
    const bytes = await readExactly(handle, { path, offset: 0, length: stat.size });
    return parseJson(new TextDecoder().decode(bytes), path);
  });
