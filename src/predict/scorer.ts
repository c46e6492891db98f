/** Scores predictions batch by batch, in memory that grows with the examples rather than with the square of the classes. */

import { GraphError } from "../errors.ts";
import {
  type ClassMetrics,
  type ConfusionCell,
  crossEntropy,
  type Metrics,
  type Mistake,
  type Predictions,
} from "./metrics.ts";

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

/**
 * Opens a scorer. It keeps a number for each example, each mistake and each pair of classes that occurs: a few
 * megabytes for 50,000 images of 21,843 classes, whose logits would take 4.4 GB.
 */
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
    const [predicted, place] = [indexOfHighest(row), placeOf(row, label)];
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
const indexOfHighest = (row: Predictions["logits"]): number => {
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
      `scorePredictions: got ${logits.length} logits for ${labels.length} examples of ${classes} classes; ${labels.length * classes} were expected.`,
    );
  }
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong >= 0) {
    throw new GraphError(
      `scorePredictions: example ${wrong} has the label ${labels[wrong]}; with ${classes} classes it must be a whole number from 0 to ${classes - 1}.`,
    );
  }
}
