/** Reads a small JSON file; errors name the file. */

import { FileError } from "../errors.ts";
import { refuseLfsPointer } from "./lfs-pointer.ts";
import { readExactly, withFile } from "./read-file.ts";

/** The largest configuration seen, with 21,843 labels, has 2 MB. */
export const MAX_JSON_BYTES = 32 * 2 ** 20;
/** Configurations nest four levels deep. What checks and prints values calls itself, and ends without a message at some thousands. */
export const MAX_JSON_DEPTH = 64;

/** Whether objects and lists of `json` are nested deeper than `MAX_JSON_DEPTH`; found before anything of them is made. */
export function isTooDeep(json: string): boolean {
  let depth = 0;
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === "{" || character === "[") {
      if (++depth > MAX_JSON_DEPTH) return true;
    } else if (character === "}" || character === "]") depth--;
    else if (character === '"')
      for (at++; at < json.length && json[at] !== '"'; at++) if (json[at] === "\\") at++;
  }
  return false;
}

/** Parses text that came from `where`. */
export function parseJson(text: string, where: string): unknown {
  if (isTooDeep(text))
    throw new FileError(`${where}: its JSON is nested more than ${MAX_JSON_DEPTH} levels deep.`);
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
    refuseLfsPointer(bytes, path);
    return parseJson(new TextDecoder().decode(bytes), path);
  });
