/** Keeps the logits of validation examples for calibration: all of them, or of very many an evenly spaced sample. */

import { limits } from "../limits.ts";
import type { Predictions } from "../predict/metrics.ts";

const { value: mostLogits } = limits.MAX_SAMPLE_LOGITS;

export interface Sample {
  /** Takes the logits of the next example. */
  readonly add: (row: Float32Array) => void;
  readonly predictions: Predictions;
}

/** Evenly spaced, since examples often come class after class. */
export function openSample(labels: readonly number[], classes: number, most = mostLogits): Sample {
  const kept = Math.min(labels.length, Math.max(1, Math.floor(most / classes)));
  const place = (example: number): number => Math.floor((example * kept) / labels.length);
  const isKept = (example: number): boolean => place(example + 1) > place(example);
  const logits = new Float32Array(kept * classes);
  let next = 0;
  return {
    add: (row) => {
      const example = next++;
      if (isKept(example)) logits.set(row, place(example) * classes);
    },
    predictions: { logits, labels: labels.filter((_, example) => isKept(example)), classes },
  };
}
