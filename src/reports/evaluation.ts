/** What an evaluation found, and the JSON lines that tell it to other programs. */

import type { Split } from "../datasets/dataset.ts";
import type { Agreement } from "../predict/agreement.ts";
import type { Metrics } from "../predict/metrics.ts";
import type { Reliability } from "../predict/reliability.ts";
import { wilsonInterval } from "../predict/wilson.ts";
import { agreementFields } from "./describe-agreement.ts";

/** A split of the data, or those of its images that the adapter was not trained on. */
export type EvaluatedSplit = Split | "held-out";

/** What the adapter did with the evaluated images while it was trained. */
export interface UseCounts {
  readonly trainedOn: number;
  /** Not trained on, but used to choose the epoch to keep. */
  readonly validated: number;
  /** Of those that were not trained on: how many got their own label. */
  readonly heldOutCorrect: number;
  /** By the images' contents; or, of older adapters, by the seed that splits them. */
  readonly knownBy: "content" | "seed";
}

/** With fewer classes, five guesses are nearly always correct. */
export const fewestForFive = 11;

export interface Evaluation {
  readonly split: EvaluatedSplit;
  /** Absent where it is not known which images were trained on. */
  readonly uses?: UseCounts | undefined;
  /** Names in the order of the logits. */
  readonly classes: readonly string[];
  readonly metrics: Metrics;
  /** Absent of predictions that were only scored. */
  readonly reliability?: Reliability;
  /** Of predictions in int8: how often they are those of fp32. */
  readonly agreement?: Agreement | undefined;
}

type Interval = readonly [low: number, high: number];

/** The last line that `rlrr evaluate --json` prints. */
export interface EvaluationRecord {
  readonly type: "evaluation";
  readonly split: EvaluatedSplit;
  readonly examples: number;
  /** How many of them were trained on, and how many chose the epoch to keep; null where that is not known. */
  readonly trainedOn: number | null;
  readonly validated: number | null;
  readonly knownBy: UseCounts["knownBy"] | null;
  /** Percentages, each with its 95 % confidence interval; the loss is null where no example has a usable prediction. */
  readonly top1: number;
  readonly top1Interval: Interval | null;
  readonly top5: number;
  readonly top5Interval: Interval | null;
  /** Of the examples that were not trained on; null where there are none, or where they are not known. */
  readonly heldOutTop1: number | null;
  readonly heldOutInterval: Interval | null;
  readonly loss: number | null;
  /** The classes that have examples: the means are over them alone. */
  readonly classes: number;
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
  /** Of predictions in int8, with how many of its labels are those of fp32; absent in fp32. */
  readonly precision?: "int8";
  readonly agreement?: ReturnType<typeof agreementFields>;
}

/** One line a class, one with the whole confusion matrix as [class, predicted, count], and the evaluation last. */
export function evaluationRecords(evaluation: Evaluation): readonly object[] {
  const { classes, metrics } = evaluation;
  const perClass = metrics.perClass.map((one, index) => ({
    type: "class",
    name: classes[index] ?? String(index),
    support: one.support,
    precision: one.precision ?? null,
    recall: one.recall ?? null,
    f1: one.f1 ?? null,
  }));
  const counts = metrics.confusion.map(({ label, predicted, count }) => [label, predicted, count]);
  return [...perClass, { type: "confusion", counts }, lastRecord(evaluation)];
}

function lastRecord({ split, metrics, uses, reliability, agreement }: Evaluation): EvaluationRecord {
  const { examples, top1, top5, loss, macro, broken } = metrics;
  const heldOut = uses ? examples - uses.trainedOn : 0;
  const heldOutCorrect = uses?.heldOutCorrect ?? 0;
  return {
    type: "evaluation",
    ...{ split, examples, trainedOn: uses?.trainedOn ?? null, validated: uses?.validated ?? null },
    knownBy: uses?.knownBy ?? null,
    ...{ top1, top1Interval: wilsonInterval(metrics.correct, examples) ?? null },
    ...{ top5, top5Interval: wilsonInterval(metrics.correctAmongFive, examples) ?? null },
    heldOutTop1: heldOut > 0 ? (100 * heldOutCorrect) / heldOut : null,
    heldOutInterval: wilsonInterval(heldOutCorrect, heldOut) ?? null,
    loss: numberOrNull(loss),
    classes: metrics.perClass.filter(({ support }) => support > 0).length,
    ...{ macroPrecision: macro.precision, macroRecall: macro.recall, macroF1: macro.f1 },
    broken,
    ...(reliability && reliabilityFields(reliability)),
    ...(agreement && { precision: "int8", agreement: agreementFields(agreement) }),
  };
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
