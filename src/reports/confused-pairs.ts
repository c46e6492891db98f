/** Which classes are taken for which others, most often first. */

import type { Metrics } from "../predict/metrics.ts";

export interface ConfusedPair {
  readonly label: number;
  readonly predicted: number;
  readonly count: number;
}

/** The mistakes of a confusion matrix; equal counts in order of the classes. */
export function confusedPairs({ confusion }: Pick<Metrics, "confusion">): ConfusedPair[] {
  const pairs: ConfusedPair[] = [];
  for (const [label, row] of confusion.entries()) {
    for (const [predicted, count] of row.entries()) {
      if (count > 0 && predicted !== label) pairs.push({ label, predicted, count });
    }
  }
  // A stable sort keeps the order of the classes among equals.
  return pairs.sort((a, b) => b.count - a.count);
}
