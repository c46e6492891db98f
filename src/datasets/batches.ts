/** Makes batches of numbers from examples, the next ones while the current one is in use. */

import { abortable } from "../abortable.ts";
import type { ImageStore } from "../images/image-store.ts";
import type { Image } from "../preprocessing/image.ts";
import { byteTable, normaliseInto } from "../preprocessing/normalise.ts";
import { planSteps } from "../preprocessing/preprocess.ts";
import { outputSize, splitSteps } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import { type BatchRangeOptions, batchRanges } from "./batch-ranges.ts";
import type { Example } from "./dataset.ts";

/** A batch of a fixed size; memory of its own, so that it may be transferred to another thread. */
export interface Batch {
  /** [batch, 3, height, width]; zero in the rows from `count` on. */
  readonly images: Float32Array<ArrayBuffer>;
  /** [batch]; zero from `count` on. */
  readonly labels: Int32Array<ArrayBuffer>;
  /** How many rows are real: all of them, but for the last batch of a group. */
  readonly count: number;
  /** Which examples the real rows are. */
  readonly indices: readonly number[];
}

export interface BatchOptions extends BatchRangeOptions {
  readonly store: ImageStore;
  readonly steps: readonly Step[];
  /** Indices into the examples; in the order given where left out. */
  readonly order?: readonly number[];
  /** Random numbers in [0, 1) for one example; needed where a step is random. */
  readonly randomFor?: (index: number) => () => number;
  /** How many batches are prefetched. */
  readonly prefetch?: number;
  readonly signal?: AbortSignal;
}

/** Loads one example and applies the random steps to it. */
async function prepare(path: string, index: number, options: BatchOptions): Promise<Image> {
  const { deterministic, rest } = splitSteps(options.steps);
  const image = await options.store.load(path, deterministic);
  const actions = planSteps(rest, image, { where: path, random: options.randomFor?.(index) });
  return options.store.transform(image, actions, { where: path });
}

/** Batches of `examples`, in order, short ones padded. */
export async function* batches(
  examples: readonly Example[],
  options: BatchOptions,
): AsyncGenerator<Batch, void, void> {
  const { batchSize, order = examples.map((_, index) => index), prefetch = 2, signal } = options;
  const [height, width] = outputSize(options.steps);
  const table = byteTable(options.steps);
  const imageLength = 3 * height * width;

  async function make(indices: readonly number[]): Promise<Batch> {
    const images = new Float32Array(batchSize * imageLength);
    const labels = new Int32Array(batchSize);
    const rows = indices.map(async (index, row) => {
      const example = examples[index];
      if (example === undefined)
        throw new Error(`internal: there is no example ${index} of ${examples.length}`);
      labels[row] = example.label;
      const image = await prepare(example.path, index, options);
      normaliseInto(images, image, { table, offset: row * imageLength });
    });
    await Promise.all(rows);
    return { images, labels, count: indices.length, indices };
  }

  const ahead: Promise<Batch>[] = [];
  const waiting = batchRanges(order.length, options).values();
  const fill = () => {
    while (ahead.length <= prefetch) {
      const { value } = waiting.next();
      if (!value) return;
      const batch = make(order.slice(...value));
      batch.catch(() => {}); // thrown when awaited; a caller who stops early never does
      ahead.push(batch);
    }
  };
  for (fill(); ahead.length > 0; fill()) {
    signal?.throwIfAborted();
    const batch = ahead.shift();
    if (batch !== undefined) yield await abortable(batch, signal);
  }
}
