/** The tensors that a model is read from, in any file format: shapes first, data on disk until read. */

import { FileError, InputError } from "../errors.ts";
import { isFloatType } from "../formats/float-types.ts";
import { readNpz, readNpzArray } from "../formats/npz.ts";
import { readSafetensors, readTensor } from "../formats/safetensors.ts";
import type { Shape, StoredTensor, Tensor } from "../formats/tensor.ts";
import { whyUnreadable } from "./unreadable-weights.ts";

export interface SourceTensor {
  readonly shape: Shape;
  /** Where the tensor already is little-endian float32 on disk. */
  readonly stored?: StoredTensor;
  /** In memory, as float32. */
  readonly read: () => Promise<Tensor>;
}

export type WeightSource = ReadonlyMap<string, SourceTensor>;

async function openSafetensors(path: string): Promise<WeightSource> {
  const file = await readSafetensors(path);
  const source = new Map<string, SourceTensor>();
  for (const [name, { dtype, shape, offset }] of file.tensors)
    source.set(name, {
      shape,
      ...(dtype === "F32" && { stored: { shape, path: file.path, offset } }),
      read: () => {
        if (isFloatType(dtype)) return readTensor(file, name);
        throw new FileError(
          `${path}: tensor ${JSON.stringify(name)} has dtype ${dtype}; weights are F32, F16, BF16 or F64.`,
        );
      },
    });
  return source;
}

async function openNpz(path: string): Promise<WeightSource> {
  const file = await readNpz(path);
  return new Map(
    [...file.arrays].map(([name, { shape }]) => [name, { shape, read: () => readNpzArray(file, name) }]),
  );
}

function open(path: string): Promise<WeightSource> {
  if (path.endsWith(".safetensors")) return openSafetensors(path);
  if (path.endsWith(".npz")) return openNpz(path);
  const why = whyUnreadable(path);
  throw new InputError(
    `${path}${why === undefined ? ": weights are read from .safetensors or .npz files." : ` ${why}`}`,
  );
}

/** Opens one weights file, or the shards of one model. */
export async function openWeights(paths: readonly string[]): Promise<WeightSource> {
  const all = new Map<string, SourceTensor>();
  for (const path of paths) {
    for (const [name, tensor] of await open(path)) {
      if (all.has(name))
        throw new FileError(`${path}: tensor ${JSON.stringify(name)} is in another shard too.`);
      all.set(name, tensor);
    }
  }
  return all;
}
