/** Metrics of predictions. */

/** Temperature, threshold and calibration error of validation logits; the temperature divides all logits. */
export { type Calibrated, calibrate } from "../calibration/calibrate.ts";
export { type Calibration, measureCalibration } from "../calibration/measure.ts";
export { fitTemperature, type TemperatureFit } from "../calibration/temperature.ts";
export { isUnknown, type UnknownRule } from "../calibration/unknown.ts";
/** Probabilities of logits, and the highest of them. */
export {
  type ClassMetrics,
  type ConfusionCell,
  type Metrics,
  type Mistake,
  type Predictions,
  softmax,
  topK,
} from "../predict/metrics.ts";
/** Accuracies, loss, the scores of each class and the confusions, of logits that are all there or that come in batches. */
export { openScorer, type Scorer, scorePredictions } from "../predict/scorer.ts";
/** The 95 % confidence interval of an accuracy. */
export { intervalOf, wilsonInterval } from "../predict/wilson.ts";
/** An accuracy's images and its interval, as text. */
export { formatAccuracy } from "../reports/format-accuracy.ts";
