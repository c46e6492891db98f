/** What predictions are worth. */

/** Accuracies, loss, the scores of each class and the confusions, of logits that are all there or that come in batches. */
export {
  type ClassMetrics,
  type ConfusionCell,
  type Metrics,
  type Mistake,
  openScorer,
  type Predictions,
  type Scorer,
  scorePredictions,
  softmax,
  topK,
} from "../predict/metrics.ts";
