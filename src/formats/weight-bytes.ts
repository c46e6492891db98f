/** The bytes of a weight in chunks, whether it is in memory or in a file. */

import { open } from "node:fs/promises";
import { readProblem } from "../files/file-problem.ts";
import { readExactly, withFile } from "../files/read-file.ts";
import { float32Bytes, toFloat32 } from "./float-types.ts";
import { isStored, type StoredTensor, sizeOf, type Tensor, type Weight } from "./tensor.ts";

/** Large enough that system calls cost nothing, small enough that nobody notices the memory. */
const CHUNK_BYTES = 8 * 2 ** 20;

async function* storedBytes({ path, offset, shape }: StoredTensor): AsyncGenerator<Uint8Array> {
  const handle = await open(path).catch((cause: unknown) => {
    throw readProblem(cause, path);
  });
  try {
    const total = sizeOf(shape) * 4;
    for (let done = 0; done < total; done += CHUNK_BYTES) {
      const length = Math.min(CHUNK_BYTES, total - done);
      yield await readExactly(handle, { path, offset: offset + done, length });
    }
  } finally {
    await handle.close();
  }
}

/** The little-endian float32 bytes of `weight`, in chunks. */
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
