/** Cross-entropy with soft targets, written with ops that every engine has. */

import { exp, log, max, mul, neg, sub, sum } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";

/** log softmax along the last axis, safe for large logits: x - max - log Σ exp(x - max). */
export function logSoftmax(logits: Value): Value {
  const last = [logits.shape.length - 1];
  const shifted = sub(logits, max(logits, last));
  return sub(shifted, log(sum(exp(shifted), last))); // [batch, classes]
}

/**
 * Σ over the batch of -Σ over classes of targets · log softmax(logits): one number, shape [1, 1].
 * Label smoothing, class weights, the mean over a batch and padding are all in `targets` [batch, classes]; a row of
 * zeros counts nothing.
 */
export const crossEntropy = (logits: Value, targets: Value): Value =>
  neg(sum(mul(logSoftmax(logits), targets), [0, 1]));
