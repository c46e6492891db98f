/** How many images one run of the training graph takes, so that its memory fits the machine. */

import type { Backbone } from "../model/backbone.ts";

/**
 * Rows of tokens that a run works on at most: beyond, activations leave the processor's caches and each image takes
 * longer (ViT-Ti/16 at 224 px on 2 cores: 19.2 images/s in runs of 8 images, 18.5 in 16, 16.0 in 32).
 */
const maxRows = 2100;

export interface MicroBatchOptions {
  /** Images per optimizer step. */
  readonly batchSize: number;
  readonly memoryBytes: number;
  /** Forward passes per image: two under consistency. */
  readonly passes?: number;
}

/**
 * Images per run, within `maxRows` and with activations that fit half of `memoryBytes`; 1 at the least. The largest even
 * share of `batchSize`, unless that is less than half of what fits, as a prime's is: then the fewest runs, the last of which
 * computes a few rows of zeros.
 */
export function microBatchFor(
  { tokens, activationBytes }: Pick<Backbone, "tokens" | "activationBytes">,
  { batchSize, memoryBytes, passes = 1 }: MicroBatchOptions,
): number {
  const room = Math.min(maxRows / tokens, memoryBytes / 2 / activationBytes) / passes;
  const most = Math.min(batchSize, Math.max(1, Math.floor(room)));
  for (let size = most; 2 * size >= most; size--) if (batchSize % size === 0) return size;
  return Math.ceil(batchSize / Math.ceil(batchSize / most));
}
