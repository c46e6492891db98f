/** Which classes are taken for which others, most often first. */

import type { ConfusionCell, Metrics } from "../predict/metrics.ts";

/** The mistakes of a confusion matrix; equal counts in order of the classes. */
export function confusedPairs({ confusion }: Pick<Metrics, "confusion">): ConfusionCell[] {
  // A stable sort keeps the order of the classes among equals.
  return confusion.filter(({ label, predicted }) => label !== predicted).sort((a, b) => b.count - a.count);
}
