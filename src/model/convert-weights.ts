/** Converts weights of any naming scheme and number format, once, into a float32 safetensors file with our names. */

import { createHash } from "node:crypto";
import { realpath, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import { EngineError, FileError, InputError } from "../errors.ts";
import { checkFreeSpace } from "../files/free-space.ts";
import { makeFolder } from "../files/make-folder.ts";
import { type WriteFileOptions, writeFileAtomically } from "../files/write-file.ts";
import { float32Bytes } from "../formats/float-types.ts";
import { readSafetensors, type SafetensorsFile } from "../formats/safetensors.ts";
import { renderHeader } from "../formats/safetensors-header.ts";
import { type Shape, type StoredTensor, sameShape, sizeOf } from "../formats/tensor.ts";
import { sizeAlong } from "../graph/shapes.ts";
import { needed } from "../needed.ts";
import type { Origin, WeightPlan } from "./family.ts";
import type { Form } from "./naming-scheme.ts";
import type { WeightSource } from "./weight-source.ts";

/** Incremented when what is computed of tensors changes, so that older files are not reused. */
const CONVERSION_VERSION = 1;

/** Where files made from a user's files are kept. */
export const cacheFolder = (): string => process.env.RLRR_CACHE || join(homedir(), ".cache", "rlrr");

/** Columns first: [columns, rows] of [rows, columns]. */
function transposed(data: Float32Array, rows: number): Float32Array {
  const columns = data.length / rows;
  const result = new Float32Array(data.length);
  for (let column = 0, to = 0; column < columns; column++)
    for (let row = 0; row < rows; row++) result[to++] = data[row * columns + column] as number;
  return result;
}

/** [p, p, 3, D] to [D, 3, p, p]. */
function fromKernel(data: Float32Array, shape: Shape): Float32Array {
  const height = sizeAlong(shape, 0);
  const width = sizeAlong(shape, 1);
  const channels = sizeAlong(shape, 2);
  const out = sizeAlong(shape, 3);
  const result = new Float32Array(data.length);
  let from = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < channels; channel++)
        for (let d = 0; d < out; d++)
          result[((d * channels + channel) * height + y) * width + x] = data[from++] as number;
  return result;
}

/** [1, 1 + n, D] of [1, n, D]. */
function withZeroRow(data: Float32Array, ours: Shape): Float32Array {
  const result = new Float32Array(sizeOf(ours));
  result.set(data, result.length - data.length);
  return result;
}

/** Each row of a weight [out, in], or each number of a bias [out], times its number of `scale`. */
function scaleRows(data: Float32Array, scale: Float32Array): Float32Array {
  const columns = data.length / scale.length;
  return data.map((value, at) => value * (scale[Math.floor(at / columns)] as number));
}

function inForm(
  form: Form,
  { data, shape }: { data: Float32Array; shape: Shape },
  ours: Shape,
): Float32Array {
  if (form === "same") return data;
  if (form === "patches") return withZeroRow(data, ours);
  if (form === "kernel") return fromKernel(data, shape);
  return transposed(data, data.length / sizeAlong(ours, 0));
}

/** One of our weights in memory, whatever its form in the source. */
export async function convertOne(
  source: WeightSource,
  origin: Origin | undefined,
  ours: Shape,
): Promise<Float32Array> {
  const size = sizeOf(ours);
  if (origin === undefined) return new Float32Array(size);
  const read = (name: string) => needed(source.get(name), `tensor ${name}`).read();
  if ("compute" in origin) return origin.compute(await Promise.all(origin.sources.map(read)));
  const tensor = await read(origin.source);
  const data = inForm(origin.form, tensor, ours);
  const start = (origin.part ?? 0) * size;
  const part = data.subarray(start, start + size);
  const scale = origin.scaledBy === undefined ? undefined : await read(origin.scaledBy);
  return scale === undefined ? part : scaleRows(part, scale.data);
}

/** The path of a conversion, named by its source and its plan: the same unchanged files, read alike, give the same path. */
async function conversionPath(paths: readonly string[], { shapes, origins }: WeightPlan): Promise<string> {
  const hash = createHash("sha256").update(`${CONVERSION_VERSION}`);
  hash.update(JSON.stringify([[...shapes], [...origins]]));
  for (const path of paths) {
    const real = await realpath(path);
    const { size, mtimeMs } = await stat(real);
    hash.update(JSON.stringify([real, size, mtimeMs]));
  }
  const name = basename(paths[0] ?? "weights").replace(/\.(npz|safetensors)$/, "");
  return join(cacheFolder(), "weights", `${name}-${hash.digest("hex").slice(0, 16)}.safetensors`);
}

/** An earlier conversion, if it is complete and has the needed tensors. */
async function readConversion(
  path: string,
  shapes: ReadonlyMap<string, Shape>,
): Promise<SafetensorsFile | undefined> {
  try {
    const file = await readSafetensors(path);
    const fits = [...shapes].every(([name, shape]) => {
      const entry = file.tensors.get(name);
      return entry?.dtype === "F32" && sameShape(entry.shape, shape);
    });
    return fits ? file : undefined;
  } catch (error) {
    if (error instanceof FileError || error instanceof InputError) return undefined;
    throw error;
  }
}

interface Conversion extends WriteFileOptions {
  readonly data: AsyncIterable<Uint8Array>;
  readonly bytes: number;
}

async function writeIntoCache(path: string, { data, bytes, ...options }: Conversion): Promise<void> {
  const folder = dirname(path);
  try {
    await makeFolder(folder);
    await checkFreeSpace(folder, { bytes, what: "the converted model" });
    await writeFileAtomically(path, data, options);
  } catch (cause) {
    if (!(cause instanceof EngineError)) throw cause;
    throw new EngineError(`${cause.message} RLRR_CACHE names another folder for converted weights.`, {
      cause,
    });
  }
}

export interface ConvertOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Converts `source`, which was opened from `paths`, unless an earlier run has; returns the weights on disk. */
export async function convertWeights(
  {
    plan,
    source,
    paths,
  }: { readonly plan: WeightPlan; readonly source: WeightSource; readonly paths: readonly string[] },
  { signal, onProgress }: ConvertOptions = {},
): Promise<{
  readonly weights: ReadonlyMap<string, StoredTensor>;
  readonly path: string;
  readonly reused: boolean;
}> {
  const { shapes } = plan;
  const path = await conversionPath(paths, plan);
  const earlier = await readConversion(path, shapes);
  if (earlier === undefined) {
    async function* data(): AsyncGenerator<Uint8Array> {
      yield renderHeader(shapes);
      let done = 0;
      for (const [name, shape] of shapes) {
        signal?.throwIfAborted();
        yield float32Bytes(await convertOne(source, plan.origins.get(name), shape));
        onProgress?.(++done, shapes.size);
      }
    }
    // Another process may be converting the same files: then this one waits for it.
    const unless = async () => (await readConversion(path, shapes)) !== undefined;
    const bytes = 4 * [...shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);
    await writeIntoCache(path, { data: data(), bytes, unless, signal });
  }
  const file = earlier ?? (await readSafetensors(path));
  const weights = new Map<string, StoredTensor>();
  for (const [name, shape] of shapes) {
    const offset = file.tensors.get(name)?.offset;
    if (offset !== undefined) weights.set(name, { shape, path: file.path, offset });
  }
  return { weights, path, reused: earlier !== undefined };
}
