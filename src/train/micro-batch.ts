/** How many images one run of the training graph takes, so that its memory fits the machine. */

import type { VitConfig } from "../model/model.ts";
import { tokensOf } from "../model/vit.ts";

/**
 * Bytes that one image keeps from the forward to the backward pass, about: per block and token, ten rows of width D (norms,
 * q, k, v, mixed, sums), three of the MLP's, and two of attention weights a head.
 */
export function activationBytes(config: VitConfig): number {
  const tokens = tokensOf(config);
  const numbers = tokens * (10 * config.width + 3 * config.mlpWidth + 2 * config.heads * tokens);
  return Float32Array.BYTES_PER_ELEMENT * config.depth * numbers;
}

/**
 * Rows of tokens that a run works on at most: beyond, activations leave the processor's caches and each image takes
 * longer (ViT-Ti/16 at 224 px on 2 cores: 19.2 images/s in runs of 8 images, 18.5 in 16, 16.0 in 32).
 */
const maxRows = 2100;

/**
 * Images a run, within `maxRows` and with activations that fit half of `memoryBytes`; 1 at the least. The largest even
 * share of `batchSize`, unless that is less than half of what fits, as a prime's is: then the fewest runs, the last of which
 * computes a few rows of zeros.
 */
export function microBatchFor(config: VitConfig, batchSize: number, memoryBytes: number): number {
  const room = Math.min(maxRows / tokensOf(config), memoryBytes / 2 / activationBytes(config));
  const most = Math.min(batchSize, Math.max(1, Math.floor(room)));
  for (let size = most; 2 * size >= most; size--) if (batchSize % size === 0) return size;
  return Math.ceil(batchSize / Math.ceil(batchSize / most));
}
