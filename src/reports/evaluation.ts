/** What an evaluation found, and the JSON lines that tell it to other programs. */

import type { Split } from "../datasets/dataset.ts";
import type { Metrics } from "../predict/metrics.ts";

export interface Evaluation {
  readonly split: Split;
  /** Names in the order of the logits. */
  readonly classes: readonly string[];
  readonly metrics: Metrics;
}

/** The last line that `rlrr evaluate --json` prints. */
export interface EvaluationRecord {
  readonly type: "evaluation";
  readonly split: Split;
  readonly examples: number;
  /** Percentages; the loss is null where no example has a usable prediction. */
  readonly top1: number;
  readonly top5: number;
  readonly loss: number | null;
  readonly macroPrecision: number;
  readonly macroRecall: number;
  readonly macroF1: number;
  /** Examples whose logits were not finite. */
  readonly broken: number;
}

/** One line a class, one with the whole confusion matrix as [class, predicted, count], and the evaluation last. */
export function evaluationRecords({ split, classes, metrics }: Evaluation): readonly object[] {
  const { examples, top1, top5, loss, macro, broken } = metrics;
  const perClass = metrics.perClass.map((one, index) => ({
    type: "class",
    name: classes[index] ?? String(index),
    support: one.support,
    precision: one.precision ?? null,
    recall: one.recall ?? null,
    f1: one.f1 ?? null,
  }));
  const counts = metrics.confusion.map(({ label, predicted, count }) => [label, predicted, count]);
  const last: EvaluationRecord = {
    type: "evaluation",
    split,
    examples,
    top1,
    top5,
    loss: Number.isFinite(loss) ? loss : null,
    macroPrecision: macro.precision,
    macroRecall: macro.recall,
    macroF1: macro.f1,
    broken,
  };
  return [...perClass, { type: "confusion", counts }, last];
}
