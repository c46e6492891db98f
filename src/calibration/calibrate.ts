/** All that validation images say of a model's probabilities: the temperature, and when an image is none of the classes. */

import type { Predictions } from "../predict/metrics.ts";
import { fitTemperature, type TemperatureFit } from "./temperature.ts";
import { fitUnknownRule, type UnknownRule } from "./unknown.ts";

export interface Calibrated {
  readonly calibration: TemperatureFit;
  /** Absent with fewer than 19 images. */
  readonly unknown?: UnknownRule;
}

/** From logits of images that the model was not trained on: those of validation, or of folds left out. */
export function calibrate(predictions: Predictions): Calibrated {
  const calibration = fitTemperature(predictions);
  const unknown = fitUnknownRule(predictions, calibration.temperature);
  return { calibration, ...(unknown && { unknown }) };
}
