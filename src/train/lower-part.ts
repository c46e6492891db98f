/** The frozen lower part of a model, computed once for every image where only upper blocks train and pixels stay the same. */

import { batchRanges } from "../datasets/batch-ranges.ts";
import type { Session } from "../engine/engine.ts";
import { sizeOf } from "../formats/tensor.ts";
import { findCut } from "../graph/cut.ts";
import { matrixFlops } from "../graph/flops.ts";
import type { OpValue } from "../graph/value.ts";
import { limits } from "../limits.ts";
import type { Closers } from "./closers.ts";
import { buildStep } from "./compile-plan.ts";
import type { Examples } from "./examples.ts";
import type { FitEvent } from "./fit-events.ts";
import type { FitPlan } from "./fit-plan.ts";
import { mixesImages } from "./mix.ts";
import { type RowStore, rowsInMemory } from "./row-store.ts";

/** Below this share of a step's work, keeping it costs more than it saves. */
const leastShare = 0.1;
/** Rows take up to this share of the memory before they go to a file. */
const memoryShare = 1 / 8;

/** A cut through the training graph, worth making: the value, and what is above it fed with. */
export interface LowerPart {
  readonly cut: OpValue;
  /** Numbers of an image at the cut. */
  readonly width: number;
  /** Of the step's matrix products, the share below the cut. */
  readonly share: number;
}

/** What of the step the same pixels always lead to; nothing where that is little, or the pixels are not the same. */
export function findLowerPart(plan: FitPlan): LowerPart | undefined {
  const { recipe, options } = plan;
  const isRepeated = options.train.deterministic && recipe.epochs > 1;
  // A fold is validated on images of the same list; two noisy passes have twice the rows; mixed images differ in every step.
  if (!isRepeated || recipe.folds > 0 || recipe.consistency > 0 || mixesImages(recipe)) return undefined;
  const { graph, microBatchSize: batchSize } = buildStep(plan, "images");
  const cut = findCut(graph, "images");
  if (cut?.shape[0] !== batchSize) return undefined;
  const share = matrixFlops({ outputs: { cut } }) / matrixFlops(graph);
  return share < leastShare ? undefined : { cut, width: sizeOf(cut.shape) / batchSize, share };
}

/** Computes the lower part of all training images, and gives them as examples of what the upper part is fed; nothing where there is no room. */
export async function* computeLower(
  plan: FitPlan,
  { cut, width }: LowerPart,
  closers: Closers,
): AsyncGenerator<FitEvent, Examples | undefined, void> {
  const { train, engine, signal } = plan.options;
  const [batchSize = 1] = cut.shape;
  const opened = await openStore(plan, width);
  if (!opened) {
    yield { type: "note", message: noRoom };
    return undefined;
  }
  const store = closers.add(opened);
  // The step's own graph and batch: the same bits as without the cut.
  const session: Session = await engine.compile({ outputs: { lower: cut } });
  try {
    const order = [...train.labels.keys()];
    let done = 0;
    for await (const { numbers, count } of train.batches({ order, epoch: 0, batchSize })) {
      signal?.throwIfAborted();
      const { lower } = await session.run({ images: numbers });
      if (!lower) throw new Error("internal: the graph gave no lower part.");
      for (let row = 0; row < count; row++)
        await store.write(done + row, lower.subarray(row * width, (row + 1) * width));
      done += count;
      yield { type: "progress", label: "computing frozen blocks", done, total: order.length, unit: "images" };
    }
  } finally {
    await session.close();
  }
  return storedExamples(train.labels, { store, width });
}

const noRoom =
  "Frozen blocks are computed anew in every epoch: there is no room on the disk to keep what they make of the images.";

async function openStore({ options }: FitPlan, width: number): Promise<RowStore | undefined> {
  const { train, memoryBytes = Number.POSITIVE_INFINITY, memory = memoryBytes, openRows } = options;
  const rows = train.labels.length;
  const bytes = rows * width * Float32Array.BYTES_PER_ELEMENT;
  const most = Math.min(Math.min(memoryBytes, memory) * memoryShare, limits.MAX_KEPT_BYTES.value);
  return bytes > most && openRows ? openRows({ rows, width }) : rowsInMemory();
}

const storedExamples = (
  labels: readonly number[],
  { store, width }: { readonly store: RowStore; readonly width: number },
): Examples => ({
  labels,
  size: width,
  deterministic: true,
  batches: async function* ({ order, batchSize, groupSize = batchSize }) {
    for (const range of batchRanges(order.length, { batchSize, groupSize })) {
      const indices = order.slice(...range);
      const numbers = new Float32Array(batchSize * width);
      const classes = new Int32Array(batchSize);
      for (const [row, index] of indices.entries()) {
        await store.read(index, numbers.subarray(row * width, (row + 1) * width));
        classes[row] = labels[index] ?? 0;
      }
      yield { numbers, labels: classes, count: indices.length };
    }
  },
});
