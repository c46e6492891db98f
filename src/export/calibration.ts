/** Runs a model on a few images, and keeps the range of everything that a quantised matrix will be multiplied with. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { batches } from "../datasets/batches.ts";
import type { Example } from "../datasets/dataset.ts";
import { openOnnxFile } from "../engine/onnx-file.ts";
import type { OnnxModel } from "../formats/onnx-model.ts";
import type { ImageStore } from "../images/image-store.ts";
import { outputSize } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import { inputName } from "./classifier-model.ts";
import { NodeWriter } from "./node-writer.ts";
import { quantisedProducts } from "./quantise.ts";
import { writeOnnx } from "./write-onnx.ts";

/** The smallest and the largest number in each column of a left side, over all images: two of [in]. */
export interface ColumnRange {
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** By the name of a left side. */
export type Ranges = ReadonlyMap<string, ColumnRange>;

export interface CalibrateOptions {
  readonly examples: readonly Example[];
  readonly store: ImageStore;
  readonly steps: readonly Step[];
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const batchSize = 8;

export async function calibrate(
  model: OnnxModel,
  { examples, store, steps, threads, signal }: CalibrateOptions,
): Promise<Ranges> {
  const folder = await mkdtemp(join(tmpdir(), "rlrr-calibration-"));
  try {
    const path = join(folder, "model.onnx");
    const { watched, names } = watch(model);
    await writeOnnx(path, watched, "beside");
    await using file = await openOnnxFile(path, { threads });
    const ranges = new Map<string, ColumnRange>();
    const [height, width] = outputSize(steps);
    for await (const { images, count } of batches(examples, {
      store,
      steps,
      batchSize,
      ...(signal && { signal }),
    })) {
      // Rows that are no image are left out, as they would widen ranges.
      const data = images.slice(0, count * 3 * height * width);
      const seen = await file.run({ [inputName]: { data, shape: [count, 3, height, width] } });
      for (const [x, { low, high }] of names) widen(ranges, x, { low: seen[low], high: seen[high] });
    }
    return ranges;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The model with the range of each left side as two more outputs, and their names. */
function watch(model: OnnxModel): {
  readonly watched: OnnxModel;
  readonly names: ReadonlyMap<string, { readonly low: string; readonly high: string }>;
} {
  const write = new NodeWriter("range.");
  const names = new Map<string, { readonly low: string; readonly high: string }>();
  const outputs = [...model.outputs];
  for (const { x, inner } of quantisedProducts(model)) {
    if (names.has(x)) continue;
    const rows = write.op("Reshape", [x, write.int64([-1, inner])]);
    const over = [rows, write.int64([0])];
    const low = write.op("ReduceMin", over, { keepdims: { int: 0 } });
    const high = write.op("ReduceMax", over, { keepdims: { int: 0 } });
    names.set(x, { low, high });
    for (const name of [low, high]) outputs.push({ name, type: "float32", sides: [inner] });
  }
  const nodes = [...model.nodes, ...write.nodes];
  return {
    watched: { ...model, nodes, outputs, constants: [...model.constants, ...write.constants] },
    names,
  };
}

function widen(
  ranges: Map<string, ColumnRange>,
  x: string,
  { low, high }: { readonly low: Float32Array | undefined; readonly high: Float32Array | undefined },
): void {
  if (!low || !high) throw new Error(`internal: no range of ${x}.`);
  const known = ranges.get(x);
  if (!known) ranges.set(x, { low: low.slice(), high: high.slice() });
  else
    for (let at = 0; at < low.length; at++) {
      known.low[at] = Math.min(known.low[at] as number, low[at] as number);
      known.high[at] = Math.max(known.high[at] as number, high[at] as number);
    }
}
