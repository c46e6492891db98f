/** Names of classes from a text file, one a line. */

import { FileError } from "../errors.ts";
import { readExactly, withFile } from "../files/read-file.ts";
import { limits } from "../limits.ts";

export const readClassNames = (path: string): Promise<readonly string[]> =>
  withFile(path, async (handle) => {
    const { size } = await handle.stat();
    const most = limits.MAX_JSON_BYTES.value;
    if (size > most) throw new FileError(`${path} has ${size} bytes; a list of names has at most ${most}.`);
    const bytes = await readExactly(handle, { path, offset: 0, length: size });
    const names = new TextDecoder()
      .decode(bytes)
      .replace(/^\uFEFF/, "")
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== "");
    if (names.length === 0) throw new FileError(`${path} holds no name; it needs one class a line.`);
    return names;
  });
