/** What an evaluation found, and the JSON lines that tell it to other programs. */

import type { Split } from "../datasets/dataset.ts";
import type { Metrics } from "../predict/metrics.ts";
import type { Reliability } from "../predict/reliability.ts";

export interface Evaluation {
  readonly split: Split;
  /** Names in the order of the logits. */
  readonly classes: readonly string[];
  readonly metrics: Metrics;
  /** Absent of predictions that were only scored. */
  readonly reliability?: Reliability;
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
  /** From 0 to 1: the expected calibration error over 15 bins of equal width, and the same without the adapter's temperature. */
  readonly ece?: number | null;
  readonly eceUncalibrated?: number | null;
  readonly lossUncalibrated?: number | null;
  readonly brier?: number | null;
  readonly temperature?: number | null;
  /** Images that are not taken for none of the classes; null where there is no threshold. */
  readonly known?: number | null;
  readonly knownThreshold?: number | null;
}

/** One line a class, one with the whole confusion matrix as [class, predicted, count], and the evaluation last. */
export function evaluationRecords({ split, classes, metrics, reliability }: Evaluation): readonly object[] {
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
    loss: numberOrNull(loss),
    macroPrecision: macro.precision,
    macroRecall: macro.recall,
    macroF1: macro.f1,
    broken,
    ...(reliability && reliabilityFields(reliability)),
  };
  return [...perClass, { type: "confusion", counts }, last];
}

const reliabilityFields = ({ calibration, uncalibrated, temperature, known }: Reliability) => ({
  ece: numberOrNull(calibration.ece),
  eceUncalibrated: numberOrNull(uncalibrated?.ece),
  lossUncalibrated: numberOrNull(uncalibrated?.loss),
  brier: numberOrNull(calibration.brier),
  temperature: numberOrNull(temperature),
  known: numberOrNull(known?.images),
  knownThreshold: numberOrNull(known?.threshold),
});

const numberOrNull = (value: number | undefined): number | null =>
  value !== undefined && Number.isFinite(value) ? value : null;
