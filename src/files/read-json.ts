/** Reads a small JSON file; errors name the file. */

import { FileError } from "../errors.ts";
import { limits } from "../limits.ts";
import { refuseLfsPointer } from "./lfs-pointer.ts";
import { readExactly, withFile } from "./read-file.ts";

export const MAX_JSON_BYTES = limits.MAX_JSON_BYTES.value;
export const MAX_JSON_DEPTH = limits.MAX_JSON_DEPTH.value;
export const MAX_JSON_VALUES = limits.MAX_JSON_VALUES.value;

/** How large a text may be, where that is not as large as a configuration. */
export interface JsonSizes {
  readonly bytes: number;
  readonly values: number;
}

const configuration: JsonSizes = { bytes: MAX_JSON_BYTES, values: MAX_JSON_VALUES };

/** What is wrong with the size of `json`, the end of a sentence; found before anything of it is made. */
export function oversize(json: string, most = MAX_JSON_VALUES): string | undefined {
  let [depth, values] = [0, 0];
  for (let at = 0; at < json.length; at++) {
    const character = json[at];
    if (character === "{" || character === "[") {
      values++;
      if (++depth > MAX_JSON_DEPTH) return `nested more than ${MAX_JSON_DEPTH} levels deep`;
    } else if (character === "}" || character === "]") depth--;
    else if (character === ",") values++;
    else if (character === '"')
      for (at++; at < json.length && json[at] !== '"'; at++) if (json[at] === "\\") at++;
    if (values > most) return `made of more than ${most} values`;
  }
  return undefined;
}

/** Parses text that came from `where`. */
export function parseJson(text: string, where: string, { values } = configuration): unknown {
  const flaw = oversize(text, values);
  if (flaw !== undefined) throw new FileError(`${where}: its JSON is ${flaw}.`);
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (cause) {
    const reason = cause instanceof SyntaxError ? ` (${cause.message.slice(0, 120)})` : "";
    throw new FileError(`${where} is not JSON${reason}.`, { cause });
  }
}

/** The value in the JSON file at `path`. */
export const readJson = (path: string, sizes = configuration): Promise<unknown> =>
  withFile(path, async (handle) => {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new FileError(`${path} is not a regular file.`);
    if (stat.size > sizes.bytes)
      throw new FileError(`${path} has ${stat.size} bytes; at most ${sizes.bytes} are read.`);
    const bytes = await readExactly(handle, { path, offset: 0, length: stat.size });
    refuseLfsPointer(bytes, path);
    return parseJson(new TextDecoder().decode(bytes), path, sizes);
  });
