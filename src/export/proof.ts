/** Compares an exported model with the original on images: how often both give the same label, and how far logits differ. */

import { type Batch, batches } from "../datasets/batches.ts";
import type { Example } from "../datasets/dataset.ts";
import type { Engine } from "../engine/engine.ts";
import type { ImageStore } from "../images/image-store.ts";
import { classifierGraph } from "../predict/classifier.ts";
import type { OpenedModel } from "../predict/open-model.ts";
import { outputSize } from "../preprocessing/step-list.ts";
import type { ProgressEvent } from "../train/fit-events.ts";

/** What an export gave on images. */
export interface Proof {
  readonly images: number;
  /** Which images these were. */
  readonly split: string;
  /** How many got the same label as from the original. */
  readonly agreeing: number;
  /** The largest difference of a logit. */
  readonly difference: number;
  /** The largest logit of the original, whatever its sign. */
  readonly largestLogit: number;
}

/** Something that was exported, opened in the runtime that it is for. */
export interface Candidate {
  /** Logits [batch, classes] of a batch; `paths` are its images. */
  readonly logits: (batch: ProofBatch) => Promise<Float32Array>;
  readonly close: () => Promise<void>;
}

export interface ProofBatch extends Pick<Batch, "count"> {
  /** [batch, 3, height, width], as the original takes them. */
  readonly images: Float32Array;
  readonly batchSize: number;
  readonly size: readonly [height: number, width: number];
  readonly paths: readonly string[];
}

export interface ProveOptions {
  readonly opened: OpenedModel;
  readonly engine: Engine;
  readonly store: ImageStore;
  readonly examples: readonly Example[];
  readonly split: string;
  readonly label: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
}

const batchSize = 8;

/** Runs original and candidate on the same images, batch after batch. */
export async function prove(candidate: Candidate, options: ProveOptions): Promise<Proof> {
  const { opened, engine, store, examples, split, label, signal, onProgress } = options;
  const { preprocessing: steps } = opened;
  const size = outputSize(steps);
  const session = await engine.compile(classifierGraph({ ...opened, batchSize }));
  const comparison = openComparison();
  let done = 0;
  try {
    for await (const { images, count } of batches(examples, {
      store,
      steps,
      batchSize,
      ...(signal && { signal }),
    })) {
      const paths = examples.slice(done, done + count).map(({ path }) => path);
      // Copied, as a run may transfer what it is given.
      const batch = { images: images.slice(), count, batchSize, size, paths };
      const { logits = new Float32Array() } = await session.run({ images });
      comparison.add(logits, await candidate.logits(batch), count);
      done += count;
      onProgress?.({ type: "progress", label, done, total: examples.length, unit: "images" });
    }
  } finally {
    await session.close();
  }
  return { ...comparison.result(), split };
}

/** Adds up comparisons of logits [batch, classes], of which the first `count` rows are images. */
export function openComparison() {
  let [images, agreeing, difference, largestLogit] = [0, 0, 0, 0];
  return {
    add: (original: Float32Array, exported: Float32Array, count: number): void => {
      const classes = original.length / batchSize;
      for (let row = 0; row < count; row++) {
        const range = [row * classes, (row + 1) * classes] as const;
        const [ours, theirs] = [original.subarray(...range), exported.subarray(...range)];
        if (highest(ours) === highest(theirs)) agreeing++;
        for (const [at, logit] of ours.entries()) {
          const apart = Math.abs(logit - (theirs[at] ?? Number.NaN));
          // NaN stays: it is larger than any difference.
          difference = Number.isNaN(apart) ? apart : Math.max(difference, apart);
          largestLogit = Math.max(largestLogit, Math.abs(logit));
        }
        images++;
      }
    },
    result: () => ({ images, agreeing, difference, largestLogit }),
  };
}

/** The index of the highest; -1 where one is NaN. */
function highest(row: Float32Array): number {
  let best = 0;
  for (const [at, value] of row.entries()) {
    if (Number.isNaN(value)) return -1;
    if (value > (row[best] as number)) best = at;
  }
  return best;
}

/** "1,060 of 1,062 test images (99.81 %) get the same label; the largest difference of a logit is 0.0021 (largest logit 14.2)". */
export function describeProof({ images, split, agreeing, difference, largestLogit }: Proof): string {
  const share = Math.floor((1e4 * agreeing) / images) / 100;
  return `${agreeing.toLocaleString("en")} of ${images.toLocaleString("en")} ${split} images (${share.toFixed(share === 100 ? 0 : 2)} %) get the same label; the largest difference of a logit is ${difference === 0 ? 0 : difference.toPrecision(2)} (the largest logit is ${largestLogit.toPrecision(3)})`;
}

/** An export may lose the labels of so many percent of the images. */
export const mostLostPercent = 0.3;

export type Verdict = "same" | "lossy" | "wrong";

/** Float32 arithmetic alone gives differences of about a millionth of the largest logit. */
export function judge({ images, agreeing, difference, largestLogit }: Proof, isExact: boolean): Verdict {
  // A lower precision may have no number for what it computes: then it is left out, or refused where it was asked for.
  if (Number.isNaN(difference)) return isExact ? "wrong" : "lossy";
  if (isExact && difference > 1e-4 * Math.max(1, largestLogit)) return "wrong";
  return 100 * (images - agreeing) > mostLostPercent * images ? "lossy" : "same";
}
