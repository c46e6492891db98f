/** A head as its two tensors: its logits on features, how well they do, and a sum of two heads. */

import type { Tensor } from "../formats/tensor.ts";
import { crossEntropy } from "../predict/metrics.ts";
import type { FeatureSet } from "./features.ts";
import type { Validation } from "./validator.ts";

/** `head.weight` [classes, width] and `head.bias` [classes]; other tensors may be beside them. */
export type Head = ReadonlyMap<string, Tensor>;

/** Loss and accuracy of a head on features. */
export function scoreHead(head: Head, set: FeatureSet, classes: number): Validation {
  const { labels } = set;
  let [loss, correct] = [0, 0];
  for (const [example, logits] of eachLogits(head, set, classes)) {
    const label = labels[example] as number;
    loss += crossEntropy(logits, label);
    if (logits.indexOf(Math.max(...logits)) === label) correct++;
  }
  return { loss: loss / labels.length, top1: (100 * correct) / labels.length };
}

/** The logits of a head for each example, one after the other. */
function* eachLogits(
  head: Head,
  { rows, labels }: FeatureSet,
  classes: number,
): Generator<readonly [number, Float64Array]> {
  const width = rows.length / labels.length;
  const [weight, bias] = ["head.weight", "head.bias"].map((name) => head.get(name)?.data);
  if (!weight || !bias) throw new Error("internal: a head without its tensors.");
  for (const example of labels.keys()) {
    const logits = Float64Array.from(bias);
    for (let row = 0; row < classes; row++) {
      let sum = logits[row] as number;
      for (let column = 0; column < width; column++)
        sum += (weight[row * width + column] as number) * (rows[example * width + column] as number);
      logits[row] = sum;
    }
    yield [example, logits];
  }
}

/** Logits [examples, classes]. */
export function logitsOf(head: Head, set: FeatureSet, classes: number): Tensor {
  const data = new Float32Array(set.labels.length * classes);
  for (const [example, logits] of eachLogits(head, set, classes)) data.set(logits, example * classes);
  return { shape: [set.labels.length, classes], data };
}

/** `a` + `b`, with the tensors of `b`. */
export const addHeads = (a: Head, b: Head): Head =>
  new Map(
    [...b].map(([name, { shape, data }]) => {
      const other = a.get(name)?.data;
      return [name, { shape, data: data.map((x, i) => x + (other?.[i] ?? 0)) }];
    }),
  );
