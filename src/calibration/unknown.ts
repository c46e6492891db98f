/** When an image is none of the classes: its highest probability is below what nearly all validation images reach. */

import { type Predictions, softmax } from "../predict/metrics.ts";
import { auroc } from "./auroc.ts";

export interface UnknownRule {
  /** An image whose highest calibrated probability is below is unknown: none of the classes. */
  readonly threshold: number;
  /** The validation images that it was set on, and how many of them it keeps. */
  readonly images: number;
  readonly kept: number;
  /** How well it finds images of a class that the head lacks; absent where fewer than three classes have images. */
  readonly estimate?: UnknownEstimate | undefined;
}

/**
 * Each validation image, with the column of its class taken from the logits, as an image of none of the classes. The
 * backbone and the other columns were trained with that class, so real strangers may be found less often.
 */
export interface UnknownEstimate {
  /** How many of the images would be found to be unknown. */
  readonly found: number;
  /** The probability that such an image scores below one of the other classes; 0.5 is chance. Mean over classes, by images. */
  readonly auroc: number;
}

/** What a threshold may refuse of the images that belong. */
const refusedShare = 0.05;

/**
 * The ⌊0.05·(n + 1)⌋-th lowest of n validation images' highest probabilities: as an image like them is equally likely to
 * fall between any two, at least 95 % of new ones are kept, on average. With fewer than 19 images no threshold can say so,
 * and there is none.
 */
export function fitUnknownRule(predictions: Predictions, temperature: number): UnknownRule | undefined {
  const rows = highestOf(predictions, temperature);
  const images = rows.length;
  const refused = Math.floor(refusedShare * (images + 1) + 1e-9);
  const scores = rows.map(({ first }) => first).sort((a, b) => a - b);
  const threshold = scores[refused - 1];
  if (threshold === undefined) return undefined;
  const kept = scores.filter((score) => score >= threshold).length;
  const estimate = estimateUnknown(rows, { threshold, classes: predictions.classes });
  return { threshold, images, kept, ...(estimate && { estimate }) };
}

/** Whether an image is none of the classes, by its highest calibrated probability. */
export const isUnknown = ({ threshold }: UnknownRule, highest: number): boolean => highest < threshold;

/** What is left of an image's probabilities when any class is taken from them. */
interface Highest {
  readonly label: number;
  readonly probabilities: Float64Array;
  /** Of the most and the second most likely class. */
  readonly best: number;
  readonly first: number;
  readonly second: number;
}

function highestOf({ logits, labels, classes }: Predictions, temperature: number): Highest[] {
  return labels.map((label, example) => {
    const row = logits.subarray(example * classes, (example + 1) * classes);
    const probabilities = softmax(Float64Array.from(row, (logit) => logit / temperature));
    let [best, first, second] = [0, 0, 0];
    for (const [index, probability] of probabilities.entries())
      if (probability > first) [best, second, first] = [index, first, probability];
      else if (probability > second) second = probability;
    return { label, probabilities, best, first, second };
  });
}

/** The highest probability without a class: p / (1 - p_class). */
function without({ probabilities, best, first, second }: Highest, left: number): number {
  const rest = probabilities.reduce((sum, p, index) => (index === left ? sum : sum + p), 0);
  return (best === left ? second : first) / rest;
}

function estimateUnknown(
  rows: readonly Highest[],
  { threshold, classes }: { readonly threshold: number; readonly classes: number },
): UnknownEstimate | undefined {
  const seen = new Set(rows.map(({ label }) => label));
  // Of two classes one is left, which is certain of everything.
  if (classes < 3 || seen.size < 2) return undefined;
  let [found, area] = [0, 0];
  for (const left of seen) {
    const scores = (rows: readonly Highest[]) => rows.map((row) => without(row, left));
    const outside = scores(rows.filter(({ label }) => label === left));
    const inside = scores(rows.filter(({ label }) => label !== left));
    found += outside.filter((score) => score < threshold).length;
    area += outside.length * auroc(inside, outside);
  }
  return { found, auroc: area / rows.length };
}
