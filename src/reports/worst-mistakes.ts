/** The mistakes that a person should look at first: where the right class was thought least likely. */

import { type Predictions, softmax, topK } from "../predict/metrics.ts";

export interface Mistake {
  /** Position among the examples. */
  readonly example: number;
  readonly label: number;
  readonly predicted: number;
  /** Probabilities of the predicted and of the right class. */
  readonly predictedProbability: number;
  readonly labelProbability: number;
}

/** Up to `count` wrong examples, the surest first. Those whose logits are not finite are left out. */
export function worstMistakes(
  { logits, labels, classes }: Predictions,
  { count }: { count: number },
): Mistake[] {
  const mistakes: Mistake[] = [];
  for (const [example, label] of labels.entries()) {
    const row = logits.subarray(example * classes, (example + 1) * classes);
    if (!row.every(Number.isFinite)) continue;
    const predicted = topK(row, 1)[0] ?? label;
    if (predicted === label) continue;
    const probabilities = softmax(row);
    mistakes.push({
      example,
      label,
      predicted,
      predictedProbability: probabilities[predicted] ?? 0,
      labelProbability: probabilities[label] ?? 0,
    });
  }
  return mistakes
    .sort((a, b) => a.labelProbability - b.labelProbability || a.example - b.example)
    .slice(0, count);
}
