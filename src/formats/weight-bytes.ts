/** The bytes of a weight, a stretch at a time, wherever the weight lives. */

import { type FileHandle, open, stat } from "node:fs/promises";
import { FileError } from "../errors.ts";
import { readProblem } from "./file-problem.ts";
import { float32Bytes, toFloat32 } from "./float-types.ts";
import { isStored, type StoredTensor, sizeOf, type Tensor, type Weight } from "./tensor.ts";

/** Large enough that system calls cost nothing, small enough that nobody notices the memory. */
const STRETCH_BYTES = 8 * 2 ** 20;

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

/** Opens `path`, hands it to `use`, and closes it whatever happens. */
export async function withFile<T>(path: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  let handle: FileHandle | undefined;
  try {
    // Asked before opening: opening a pipe would wait for a writer.
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

async function* storedBytes({ path, offset, shape }: StoredTensor): AsyncGenerator<Uint8Array> {
  const handle = await open(path).catch((cause: unknown) => {
    throw readProblem(cause, path);
  });
  try {
    const total = sizeOf(shape) * 4;
    for (let done = 0; done < total; done += STRETCH_BYTES) {
      const length = Math.min(STRETCH_BYTES, total - done);
      yield await readExactly(handle, { path, offset: offset + done, length });
    }
  } finally {
    await handle.close();
  }
}

/** The little-endian float32 bytes of `weight`, in stretches. */
export async function* weightBytes(weight: Weight): AsyncGenerator<Uint8Array> {
  if (isStored(weight)) yield* storedBytes(weight);
  else yield float32Bytes(weight.data);
}

/** `weight` in memory: itself where it already is, or read from its file. */
export async function readWeight(weight: Weight): Promise<Tensor> {
  if (!isStored(weight)) return weight;
  const { path, offset, shape } = weight;
  const bytes = await withFile(path, (handle) =>
    readExactly(handle, { path, offset, length: sizeOf(shape) * 4 }),
  );
  return { shape, data: toFloat32(bytes, "F32") };
}
