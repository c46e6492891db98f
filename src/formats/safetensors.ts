/** Reads the header of a safetensors file and leaves the tensors on disk; writes tensors from memory or other files. */

import { realpath } from "node:fs/promises";
import { FileError, GraphError } from "../errors.ts";
import { readProblem } from "../files/file-problem.ts";
import { LFS_BEGINNING_BYTES, refuseLfsPointer } from "../files/lfs-pointer.ts";
import { readExactly, withFile } from "../files/read-file.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { isFloatType, toFloat32 } from "./float-types.ts";
import { MAX_HEADER_BYTES, parseHeader, renderHeader, type SafetensorsHeader } from "./safetensors-header.ts";
import { isStored, renderShape, sizeOf, type Tensor, type Weights } from "./tensor.ts";
import { weightBytes } from "./weight-bytes.ts";

export interface SafetensorsFile extends SafetensorsHeader {
  /** As the caller named it, for messages. */
  readonly name: string;
  /** Free of symbolic links, which the engine refuses. */
  readonly path: string;
}

/** Reads and checks the header of the safetensors file at `path`. */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const header = await withFile(path, async (handle) => {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new FileError(`${path} is not a regular file.`);
    if (stat.size < 8)
      throw new FileError(
        `${path}: the file has ${stat.size} bytes; a safetensors file begins with 8 bytes of length.`,
      );
    const length = Math.min(stat.size, LFS_BEGINNING_BYTES);
    const start = await readExactly(handle, { path, offset: 0, length });
    refuseLfsPointer(start, path);
    const declared = new DataView(start.buffer).getBigUint64(0, true);
    if (declared > BigInt(MAX_HEADER_BYTES))
      throw new FileError(
        `${path}: the header claims ${declared} bytes; at most ${MAX_HEADER_BYTES} are allowed. This is not a safetensors file, or it is damaged.`,
      );
    const headerBytes = Number(declared);
    if (8 + headerBytes > stat.size)
      throw new FileError(
        `${path}: the header claims ${headerBytes} bytes, the file has ${stat.size}. It is cut short; get it again.`,
      );
    const json = new TextDecoder().decode(
      await readExactly(handle, { path, offset: 8, length: headerBytes }),
    );
    return parseHeader(json, { where: path, dataStart: 8 + headerBytes, fileBytes: stat.size });
  });
  const real = await realpath(path).catch((cause: unknown) => {
    throw readProblem(cause, path);
  });
  return { name: path, path: real, ...header };
}

/** One tensor of `file` in memory, converted to float32. */
export async function readTensor(file: SafetensorsFile, name: string): Promise<Tensor> {
  const entry = file.tensors.get(name);
  if (entry === undefined) throw new FileError(`${file.name}: there is no tensor ${JSON.stringify(name)}.`);
  const { dtype, shape, offset, byteLength: length } = entry;
  if (!isFloatType(dtype))
    throw new FileError(
      `${file.name}: tensor ${JSON.stringify(name)} has dtype ${dtype}; weights are F32, F16, BF16 or F64.`,
    );
  const bytes = await withFile(file.path, (handle) =>
    readExactly(handle, { path: file.name, offset, length }),
  );
  return { shape, data: toFloat32(bytes, dtype) };
}

/** Writes `weights` as float32 in the order given, one chunk at a time, atomically. */
export async function writeSafetensors(
  path: string,
  weights: Weights,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  for (const [name, weight] of weights) {
    const { shape } = weight;
    if (!isStored(weight) && weight.data.length !== sizeOf(shape))
      throw new GraphError(
        `writeSafetensors: "${name}" has ${weight.data.length} numbers, its shape ${renderShape(shape)} needs ${sizeOf(shape)}.`,
      );
  }
  const shapes = new Map([...weights].map(([name, { shape }]) => [name, shape]));
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield renderHeader(shapes, metadata);
    for (const weight of weights.values()) yield* weightBytes(weight);
  }
  await writeFileAtomically(path, bytes());
}
