/** Where training examples come from: anything that gives batches of prepared images in a given order. */

import { type BatchRangeOptions, batchRanges } from "../datasets/batch-ranges.ts";
import { InputError } from "../errors.ts";

/** Examples of one split. A folder, an array in memory or a browser's files can stand behind it. */
export interface Examples {
  /** The class of each example. */
  readonly labels: readonly number[];
  /** Numbers per example, where that is known before the first batch. */
  readonly size?: number;
  /** Whether every epoch gives the same numbers, so that frozen features can be computed once. */
  readonly deterministic: boolean;
  /** The same examples as evaluation sees them, where these are augmented. */
  readonly plain?: Examples;
  /** Batches in the order asked for. The same epoch gives the same numbers, whatever the order and the batch size. */
  readonly batches: (options: BatchOrder) => AsyncIterable<ExampleBatch>;
}

export interface BatchOrder extends BatchRangeOptions {
  /** Indices of the examples. */
  readonly order: readonly number[];
  /** From 0; what is random in an image depends on it. */
  readonly epoch: number;
}

export interface ExampleBatch {
  /** [batchSize, …], images [3, height, width] or features; zero in the rows from `count` on. Memory of its own. */
  readonly numbers: Float32Array<ArrayBuffer>;
  /** [batchSize]; zero from `count` on. */
  readonly labels: Int32Array<ArrayBuffer>;
  /** How many rows are real. */
  readonly count: number;
}

/** Examples that lie in memory: `numbers` [examples, …], such as preprocessed images or features. */
export function examplesInMemory(numbers: Float32Array, labels: readonly number[]): Examples {
  const size = numbers.length / labels.length;
  if (labels.length > 0 && !Number.isInteger(size))
    throw new InputError(
      `examplesInMemory: ${numbers.length} numbers do not make ${labels.length} examples of one size.`,
    );
  if (!numbers.every(Number.isFinite))
    throw new InputError("examplesInMemory: some numbers are NaN or infinite. Check how they were prepared.");
  return {
    labels,
    ...(labels.length > 0 && { size }),
    deterministic: true,
    batches: async function* ({ order, batchSize, groupSize = batchSize }) {
      for (const range of batchRanges(order.length, { batchSize, groupSize })) {
        const indices = order.slice(...range);
        const batch = new Float32Array(batchSize * size);
        const classes = new Int32Array(batchSize);
        for (const [row, index] of indices.entries()) {
          batch.set(numbers.subarray(index * size, (index + 1) * size), row * size);
          classes[row] = labels[index] as number;
        }
        yield { numbers: batch, labels: classes, count: indices.length };
      }
    },
  };
}
