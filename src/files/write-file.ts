/** A file is written under a temporary name, synced to disk, then renamed: readers see the old file or the new one, never half of one. */

import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { writeProblem } from "./file-problem.ts";
import { temporaryPathOf, whileWriting } from "./temporary-paths.ts";

/** What a file can be made of; several gigabytes come in chunks. */
export type FileData = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

export interface WriteFileOptions {
  /** Asked once nobody else is writing the file: whether there is nothing left to do. */
  readonly unless?: () => Promise<boolean>;
  /** Ends the waiting for somebody else who is writing the file. */
  readonly signal?: AbortSignal | undefined;
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done);
    done += bytesWritten;
  }
}

async function writeData(handle: FileHandle, data: FileData): Promise<void> {
  if (typeof data === "string") return writeAll(handle, Buffer.from(data));
  if (data instanceof Uint8Array) return writeAll(handle, data);
  for await (const bytes of data) await writeAll(handle, bytes);
}

/** A rename survives a power cut only once its folder is on disk; Windows cannot open folders, and does without. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path).catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/** Writes `data` to `path`, whole or not at all; a symbolic link there is replaced, not followed. Its folder must exist. */
export async function writeFileAtomically(
  path: string,
  data: FileData,
  { unless, signal }: WriteFileOptions = {},
): Promise<void> {
  await whileWriting(path, async () => (await unless?.()) || (await writeNow(path, data)), { signal }).catch(
    (cause: unknown) => {
      throw writeProblem(cause, path);
    },
  );
}

async function writeNow(path: string, data: FileData): Promise<void> {
  const temporary = temporaryPathOf(path);
  try {
    const handle = await open(temporary, "wx");
    try {
      await writeData(handle, data);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw cause;
  }
  await syncFolder(dirname(path));
}
