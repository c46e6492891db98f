/** Logits of the examples that folds hold out: small enough for a checkpoint, then joined for calibration. */

import { limits } from "../limits.ts";
import type { Predictions } from "../predict/metrics.ts";

const { value: mostLogits } = limits.MAX_FOLD_LOGITS;

/** Rounded to four decimals, so that a checkpoint holds them in a few bytes each. */
export interface FoldSample {
  readonly logits: readonly number[];
  readonly labels: readonly number[];
}

/** Undefined where there are too many. */
export const storeSample = (predictions: Predictions | undefined): FoldSample | undefined =>
  predictions && predictions.logits.length <= mostLogits
    ? {
        logits: Array.from(predictions.logits, (logit) => Math.round(1e4 * logit) / 1e4),
        labels: [...predictions.labels],
      }
    : undefined;

/** Those of all folds; undefined where one has none. */
export function joinSamples(
  samples: readonly (FoldSample | undefined)[],
  classes: number,
): Predictions | undefined {
  const known = samples.filter((sample) => sample !== undefined);
  if (known.length < samples.length) return undefined;
  const logits = Float32Array.from(known.flatMap((sample) => sample.logits));
  return { logits, labels: known.flatMap(({ labels }) => labels), classes };
}
