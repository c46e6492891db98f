/** Metrics of a set of predictions: accuracies, loss, scores per class, confusions; and softmax and top-k. */

import { GraphError } from "../errors.ts";

/** Logits of all examples, row after row, and the class of each. */
export interface Predictions {
  /** [examples, classes] */
  readonly logits: Float32Array | Float64Array;
  /** One index of a class per example. */
  readonly labels: readonly number[];
  readonly classes: number;
}

/** Percentages. A class without examples has none; precision is absent too where the class is never predicted. */
export interface ClassMetrics {
  /** Examples of this class. */
  readonly support: number;
  /** Examples said to be of this class. */
  readonly predicted: number;
  readonly correct: number;
  readonly precision: number | undefined;
  readonly recall: number | undefined;
  readonly f1: number | undefined;
}

/** How often images of one class were given one label. */
export interface ConfusionCell {
  readonly label: number;
  readonly predicted: number;
  readonly count: number;
}

/** An image that was given a wrong label. */
export interface Mistake {
  /** Position among the examples. */
  readonly example: number;
  readonly label: number;
  readonly predicted: number;
  readonly predictedProbability: number;
  readonly labelProbability: number;
}

export interface Metrics {
  readonly examples: number;
  readonly correct: number;
  /** Those whose class is among the five most likely. */
  readonly correctAmongFive: number;
  readonly top1: number;
  readonly top5: number;
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Examples whose logits hold a NaN or an infinity: counted as wrong, and left out of the loss. */
  readonly broken: number;
  readonly perClass: readonly ClassMetrics[];
  /** Means over the classes that have examples; precision counts as 0 where such a class is never predicted. */
  readonly macro: { readonly precision: number; readonly recall: number; readonly f1: number };
  /** What is not 0, by class and then by prediction: 21,843 classes squared would fill 3.8 GB. Broken ones are in none. */
  readonly confusion: readonly ConfusionCell[];
  /** In the order of the examples, without the broken ones. */
  readonly mistakes: readonly Mistake[];
  /** Index of the predicted class of each example, -1 where it is broken. */
  readonly predictions: readonly number[];
}

/** Each logit as a probability of its own. */
export const sigmoids = (logits: ArrayLike<number>): Float64Array =>
  Float64Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));

/** exp(xᵢ - max) / Σ exp(xⱼ - max): no overflow, whatever the size of the logits. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const result = Float64Array.from(logits);
  const highest = result.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (const [i, logit] of result.entries()) {
    const value = Math.exp(logit - highest);
    result[i] = value;
    sum += value;
  }
  return result.map((value) => value / sum);
}

/** Indices of the `k` highest scores, highest first; equal ones in order of index; NaN last. */
export function topK(scores: ArrayLike<number>, k: number): number[] {
  const rank = (index: number): number => {
    const score = scores[index] ?? Number.NaN;
    return Number.isNaN(score) ? Number.NEGATIVE_INFINITY : score;
  };
  const order = Array.from({ length: scores.length }, (_, index) => index);
  // Infinity - Infinity is NaN, so the comparison is spelled out.
  order.sort((a, b) => (rank(a) === rank(b) ? a - b : rank(a) < rank(b) ? 1 : -1));
  return order.slice(0, k);
}

/** log Σ exp(xⱼ - max) + max - x of the class. */
export function crossEntropy(row: ArrayLike<number>, label: number): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < row.length; i++) highest = Math.max(highest, row[i] as number);
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += Math.exp((row[i] as number) - highest);
  const own = row[label];
  if (own === undefined) throw new GraphError(`crossEntropy: ${row.length} logits have no class ${label}.`);
  return Math.log(sum) + highest - own;
}
