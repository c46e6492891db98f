/** How well probabilities hold: the expected calibration error, the cross-entropy and the Brier score. */

import { crossEntropy, type Predictions, softmax } from "../predict/metrics.ts";

export interface Calibration {
  /** From 0 to 1: how far apart the mean probability and the accuracy are, over 15 bins of equal width. Few images raise it. */
  readonly ece: number;
  /** Mean cross-entropy in nats. */
  readonly loss: number;
  /** Mean squared distance of the probabilities from the truth, from 0 to 2. */
  readonly brier: number;
}

/** As in Guo et al. 2017. */
export const bins = 15;

/** Collects images one by one; those whose logits are not finite are to be left out. */
export interface CalibrationMeter {
  /** Gives the highest probability. */
  readonly add: (row: Predictions["logits"], label: number) => number;
  /** NaN where nothing was added. */
  readonly measure: () => Calibration;
}

/** ECE = Σ_b n_b/n · |accuracy_b - mean probability_b|, over bins (0, 1/15], (1/15, 2/15], … of the highest probability. */
export function openCalibrationMeter(temperature = 1): CalibrationMeter {
  const [correct, sure] = [new Float64Array(bins), new Float64Array(bins)];
  let [images, loss, brier] = [0, 0, 0];
  return {
    add: (row, label) => {
      const scaled = Float64Array.from(row, (logit) => logit / temperature);
      const probabilities = softmax(scaled);
      const best = probabilities.reduce(
        (top, p, index) => (p > (probabilities[top] as number) ? index : top),
        0,
      );
      const highest = probabilities[best] as number;
      const bin = Math.min(bins, Math.max(1, Math.ceil(highest * bins))) - 1;
      correct[bin] = (correct[bin] as number) + (best === label ? 1 : 0);
      sure[bin] = (sure[bin] as number) + highest;
      loss += crossEntropy(scaled, label);
      brier += probabilities.reduce((sum, p, index) => sum + (p - (index === label ? 1 : 0)) ** 2, 0);
      images++;
      return highest;
    },
    measure: () => {
      const gaps = correct.map((count, bin) => Math.abs(count - (sure[bin] as number)));
      const gap = gaps.reduce((sum, one) => sum + one, 0);
      return { ece: gap / images, loss: loss / images, brier: brier / images };
    },
  };
}

/** Of logits that are all there. */
export function measureCalibration(
  { logits, labels, classes }: Predictions,
  { temperature = 1 }: { readonly temperature?: number } = {},
): Calibration {
  const meter = openCalibrationMeter(temperature);
  for (const [example, label] of labels.entries())
    meter.add(logits.subarray(example * classes, (example + 1) * classes), label);
  return meter.measure();
}
