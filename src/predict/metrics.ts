/** What a set of predictions is worth: accuracies, loss, and how each class is found and mistaken. */

import { GraphError } from "../errors.ts";

/** Logits of all examples, row after row, and the right class of each. */
export interface Predictions {
  /** [examples, classes] */
  readonly logits: Float32Array | Float64Array;
  /** One index of a class per example. */
  readonly labels: readonly number[];
  readonly classes: number;
}

/** All scores but `loss` are percentages; those that nothing defines (no example, no prediction) are absent. */
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

export interface Metrics {
  readonly examples: number;
  readonly top1: number;
  readonly top5: number;
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Examples whose logits hold a NaN or an infinity: counted as wrong, and left out of the loss. */
  readonly broken: number;
  readonly perClass: readonly ClassMetrics[];
  /** Means over the classes that have examples; precision counts as 0 where such a class is never predicted. */
  readonly macro: { readonly precision: number; readonly recall: number; readonly f1: number };
  /** [right class][predicted class]; broken examples are in no column. */
  readonly confusion: readonly (readonly number[])[];
  /** Index of the predicted class of each example, -1 where it is broken. */
  readonly predictions: readonly number[];
}

/** exp(xᵢ - max) / Σ exp(xⱼ - max): no overflow, whatever the size of the logits. */
export function softmax(logits: ArrayLike<number>): Float64Array {
  const result = Float64Array.from(logits);
  const highest = result.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  let sum = 0;
  for (let i = 0; i < result.length; i++) {
    const value = Math.exp((result[i] ?? 0) - highest);
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

/** Scores predictions against the right classes. */
export function measure({ logits, labels, classes }: Predictions): Metrics {
  check({ logits, labels, classes });
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  const predictions: number[] = [];
  let [first, five, loss, broken] = [0, 0, 0, 0];
  for (const [example, label] of labels.entries()) {
    const row = logits.subarray(example * classes, (example + 1) * classes);
    if (!row.every(Number.isFinite)) {
      broken++;
      predictions.push(-1);
      continue;
    }
    const best = topK(row, 5);
    const predicted = best[0] ?? -1;
    predictions.push(predicted);
    if (predicted === label) first++;
    if (best.includes(label)) five++;
    loss += crossEntropy(row, label);
    const counts = confusion[label];
    if (counts !== undefined) counts[predicted] = (counts[predicted] ?? 0) + 1;
  }
  const perClass = scoreClasses({ confusion, labels });
  const examples = labels.length;
  return {
    examples,
    top1: percent(first, examples) ?? 0,
    top5: percent(five, examples) ?? 0,
    loss: examples > broken ? loss / (examples - broken) : Number.NaN,
    broken,
    perClass,
    macro: averageClasses(perClass),
    confusion,
    predictions,
  };
}

/** log Σ exp(xⱼ - max) + max - x of the right class. */
export function crossEntropy(row: ArrayLike<number>, label: number): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < row.length; i++) highest = Math.max(highest, row[i] ?? highest);
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += Math.exp((row[i] ?? 0) - highest);
  return Math.log(sum) + highest - (row[label] ?? 0);
}

function percent(part: number, whole: number): number | undefined {
  return whole === 0 ? undefined : (100 * part) / whole;
}

/** F1 = 2·correct / (support + predicted): the harmonic mean of precision and recall. */
function scoreClasses({
  confusion,
  labels,
}: {
  confusion: readonly (readonly number[])[];
  labels: readonly number[];
}): ClassMetrics[] {
  const supports = new Array<number>(confusion.length).fill(0);
  for (const label of labels) supports[label] = (supports[label] ?? 0) + 1;
  return confusion.map((row, index) => {
    const support = supports[index] ?? 0;
    const predicted = confusion.reduce((count, other) => count + (other[index] ?? 0), 0);
    const correct = row[index] ?? 0;
    return {
      support,
      predicted,
      correct,
      precision: percent(correct, predicted),
      recall: percent(correct, support),
      f1: percent(2 * correct, support + predicted),
    };
  });
}

function averageClasses(perClass: readonly ClassMetrics[]): Metrics["macro"] {
  const seen = perClass.filter((one) => one.support > 0);
  const mean = (key: "precision" | "recall" | "f1"): number =>
    seen.length === 0 ? 0 : seen.reduce((sum, one) => sum + (one[key] ?? 0), 0) / seen.length;
  return { precision: mean("precision"), recall: mean("recall"), f1: mean("f1") };
}

function check({ logits, labels, classes }: Predictions): void {
  if (logits.length !== labels.length * classes) {
    throw new GraphError(
      `measure: got ${logits.length} logits for ${labels.length} examples of ${classes} classes; ${labels.length * classes} would be right.`,
    );
  }
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong >= 0) {
    throw new GraphError(
      `measure: example ${wrong} has the label ${labels[wrong]}; with ${classes} classes it must be a whole number from 0 to ${classes - 1}.`,
    );
  }
}
