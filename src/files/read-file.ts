/** Reads parts of a file: opens regular files only, always closes them, and reports a truncated file. */

import { type FileHandle, open, stat } from "node:fs/promises";
import { FileError } from "../errors.ts";
import { readProblem } from "./file-problem.ts";

/** `length` bytes of an open file from `offset`; `path` is for the message when the file ends early. */
export async function readExactly(
  handle: FileHandle,
  { path, offset, length }: { readonly path: string; readonly offset: number; readonly length: number },
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0)
      throw new FileError(
        `${path}: the file ends at byte ${offset + done}, ${offset + length} are needed. It is cut short; get it again.`,
      );
    done += bytesRead;
  }
  return bytes;
}

/** Opens `path`, passes it to `use`, and always closes it. */
export async function withFile<T>(path: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  let handle: FileHandle | undefined;
  try {
    // Checked before opening: opening a pipe would wait for a writer.
    const found = await stat(path);
    if (!found.isFile() && !found.isDirectory()) throw new FileError(`${path} is not a regular file.`);
    handle = await open(path);
    return await use(handle);
  } catch (cause) {
    throw readProblem(cause, path);
  } finally {
    await handle?.close();
  }
}
