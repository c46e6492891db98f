/** Temperature scaling: one number that divides all logits, so that probabilities are as often right as they say. */

import { GraphError } from "../errors.ts";
import type { Predictions } from "../predict/metrics.ts";
import { type Calibration, measureCalibration } from "./measure.ts";

/** A temperature, and what it changes on the images that it was fitted on. */
export interface TemperatureFit {
  /** Divides the logits; above 1 the model was too sure. */
  readonly temperature: number;
  readonly images: number;
  readonly before: Calibration;
  /** On the same images, so slightly better than on new ones: one number was fitted to them. */
  readonly after: Calibration;
}

/** A fit that would leave this range says more about the images than about the model. */
export const temperatureRange = [0.05, 20] as const;

/**
 * Weighs about as much as one image that speaks for a temperature of 1. With hundreds of images it changes nothing; with
 * a few, all of them correct, it keeps the temperature from falling towards 0.
 */
const priorImages = 1;

/**
 * Guo et al. 2017, https://arxiv.org/abs/1706.04599, with a prior for few images. With β = 1 / temperature,
 * f(β) = Σᵢ (log Σⱼ exp(β·zᵢⱼ) - β·zᵢ,label) + k·(β - 1 - ln β) is convex; its only minimum is where f′ = 0.
 */
export function fitTemperature(predictions: Predictions): TemperatureFit {
  check(predictions);
  const [coldest, hottest] = temperatureRange;
  const beta = rootOf((at) => slopeAt(predictions, at), [1 / hottest, 1 / coldest]);
  const temperature = 1 / beta;
  return {
    ...{ temperature, images: predictions.labels.length },
    before: measureCalibration(predictions),
    after: measureCalibration(predictions, { temperature }),
  };
}

interface Slope {
  readonly first: number;
  readonly second: number;
}

/** f′(β) = Σᵢ (E[z] - z_label) + k·(1 - 1/β) and f″(β) = Σᵢ Var[z] + k/β², under the softmax of β·zᵢ. */
function slopeAt({ logits, labels, classes }: Predictions, beta: number): Slope {
  let first = priorImages * (1 - 1 / beta);
  let second = priorImages / beta ** 2;
  for (const [example, label] of labels.entries()) {
    const row = logits.subarray(example * classes, (example + 1) * classes);
    let highest = Number.NEGATIVE_INFINITY;
    for (const logit of row) highest = Math.max(highest, logit);
    let [sum, mean, square] = [0, 0, 0];
    for (const logit of row) {
      const below = logit - highest;
      const weight = Math.exp(beta * below);
      sum += weight;
      mean += weight * below;
      square += weight * below ** 2;
    }
    mean /= sum;
    first += mean - ((row[label] as number) - highest);
    second += square / sum - mean ** 2;
  }
  return { first, second };
}

/** Where a rising function is 0, or the end of the range that it points to: Newton's steps, halving where one leaves the bracket. */
function rootOf(slope: (at: number) => Slope, range: readonly [low: number, high: number]): number {
  let [low, high] = range;
  let at = 1;
  for (let step = 0; step < 100; step++) {
    const { first, second } = slope(at);
    if (first > 0) high = at;
    else low = at;
    const newton = at - first / second;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - at) <= 1e-9 * at) return next;
    at = next;
  }
  return at;
}

function check({ logits, labels, classes }: Predictions): void {
  if (labels.length === 0) throw new GraphError("fitTemperature: there is no image to fit a temperature on.");
  if (logits.length !== labels.length * classes)
    throw new GraphError(
      `fitTemperature: got ${logits.length} logits for ${labels.length} examples of ${classes} classes; ${labels.length * classes} were expected.`,
    );
  if (!logits.every(Number.isFinite))
    throw new GraphError(
      "fitTemperature: some logits are NaN or infinite; leave out the images they are of.",
    );
  const wrong = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong >= 0)
    throw new GraphError(
      `fitTemperature: example ${wrong} has the label ${labels[wrong]}; with ${classes} classes it must be a whole number from 0 to ${classes - 1}.`,
    );
}
