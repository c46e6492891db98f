/** What a set of predictions is worth: accuracies, loss, and how each class is found and mistaken. */

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

/** Scores that grow batch by batch, so that no logits need to be kept. */
export interface Scorer {
  /** Logits [examples, classes], and the class of each example. */
  readonly add: (logits: Predictions["logits"], labels: readonly number[]) => void;
  readonly metrics: () => Metrics;
}

/** Scores predictions whose logits are all there. */
export function scorePredictions({ logits, labels, classes }: Predictions): Metrics {
  const scorer = openScorer(classes);
  scorer.add(logits, labels);
  return scorer.metrics();
}

/** A scorer keeps a number for each example, each mistake and each pair of classes that occurs. */
export function openScorer(classes: number): Scorer {
  /** By label · classes + predicted. */
  const counts = new Map<number, number>();
  const supports = new Uint32Array(classes);
  const predictions: number[] = [];
  const mistakes: Mistake[] = [];
  let [first, five, loss, broken] = [0, 0, 0, 0];

  function addOne(row: Predictions["logits"], label: number): void {
    const example = predictions.length;
    supports[label] = (supports[label] as number) + 1;
    if (!row.every(Number.isFinite)) {
      broken++;
      predictions.push(-1);
      return;
    }
    const [predicted, place] = [placeFirst(row), placeOf(row, label)];
    predictions.push(predicted);
    const key = label * classes + predicted;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    const labelLoss = crossEntropy(row, label);
    loss += labelLoss;
    if (place < 5) five++;
    if (place === 0) first++;
    else
      mistakes.push({
        ...{ example, label, predicted },
        predictedProbability: Math.exp(-crossEntropy(row, predicted)),
        labelProbability: Math.exp(-labelLoss),
      });
  }

  return {
    add: (logits, labels) => {
      check({ logits, labels, classes });
      for (const [row, label] of labels.entries())
        addOne(logits.subarray(row * classes, (row + 1) * classes), label);
    },
    metrics: () => {
      const confusion = [...counts]
        .sort(([a], [b]) => a - b)
        .map(([key, count]) => ({ label: Math.floor(key / classes), predicted: key % classes, count }));
      const perClass = scoreClasses(confusion, supports);
      const examples = predictions.length;
      return {
        ...{ examples, correct: first, correctAmongFive: five },
        top1: percent(first, examples) ?? 0,
        top5: percent(five, examples) ?? 0,
        loss: examples > broken ? loss / (examples - broken) : Number.NaN,
        ...{ broken, perClass, macro: averageClasses(perClass) },
        ...{ confusion, mistakes: [...mistakes], predictions: [...predictions] },
      };
    },
  };
}

/** The index of the highest score, the first of equal ones. */
const placeFirst = (row: Predictions["logits"]): number => {
  let best = 0;
  for (let i = 1; i < row.length; i++) if ((row[i] as number) > (row[best] as number)) best = i;
  return best;
};

/** How many classes come before `label`: those with a higher score, and equal ones with a lower index. */
const placeOf = (row: Predictions["logits"], label: number): number => {
  const own = row[label] as number;
  let place = 0;
  for (let i = 0; i < row.length; i++) {
    const score = row[i] as number;
    if (score > own || (score === own && i < label)) place++;
  }
  return place;
};

/** log Σ exp(xⱼ - max) + max - x of the class. */
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
function scoreClasses(confusion: readonly ConfusionCell[], supports: Uint32Array): ClassMetrics[] {
  const [predictions, hits] = [new Uint32Array(supports.length), new Uint32Array(supports.length)];
  for (const { label, predicted, count } of confusion) {
    predictions[predicted] = (predictions[predicted] as number) + count;
    if (label === predicted) hits[label] = count;
  }
  return Array.from(supports, (support, index) => {
    const [predicted, correct] = [predictions[index] as number, hits[index] as number];
    const known = support > 0;
    return {
      ...{ support, predicted, correct },
      precision: known ? percent(correct, predicted) : undefined,
      recall: percent(correct, support),
      f1: known ? percent(2 * correct, support + predicted) : undefined,
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
      `scorePredictions: got ${logits.length} logits for ${labels.length} examples of ${classes} classes; ${labels.length * classes} would be right.`,
    );
  }
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong >= 0) {
    throw new GraphError(
      `scorePredictions: example ${wrong} has the label ${labels[wrong]}; with ${classes} classes it must be a whole number from 0 to ${classes - 1}.`,
    );
  }
}
