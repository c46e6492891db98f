/** An evaluation as text: the headline, the classes, and what is taken for what. */

import type { Reliability } from "../predict/reliability.ts";
import { wilsonInterval } from "../predict/wilson.ts";
import { type Column, displayWidth, renderTable } from "../table.ts";
import { confusedPairs } from "./confused-pairs.ts";
import { describeAgreement } from "./describe-agreement.ts";
import { describeUses } from "./describe-uses.ts";
import { type Evaluation, fewestForFive } from "./evaluation.ts";

/** Up to here every class has its line, and the confusion matrix fits a terminal. */
const fewClasses = 20;
/** Of more classes, so many of the worst are listed; likewise of pairs. */
const worst = 10;
const nameWidth = 32;

/** Lines for a person to read, without a line break at the end. */
export function renderEvaluation(evaluation: Evaluation): string {
  return [renderHeadline(evaluation), renderClasses(evaluation), renderConfusion(evaluation)].join("\n\n");
}

function renderHeadline(evaluation: Evaluation): string {
  const { split, classes, metrics, reliability, agreement } = evaluation;
  const { examples, correct, top1, correctAmongFive, top5, loss, macro, broken, perClass } = metrics;
  const seen = perClass.filter(({ support }) => support > 0).length;
  const empty = classes.length - seen;
  const accuracy = (name: string, [percent, part]: readonly [number, number]): string => {
    const interval = wilsonInterval(part, examples)?.map((end) => end.toFixed(2));
    return `${name} ${percent.toFixed(2)} %${interval ? ` (95 % interval ${interval.join(" to ")} %)` : ""}`;
  };
  const lines = [
    `${split}: ${amount(examples, "image")} of ${amount(seen, "class")}${empty > 0 ? `; ${amount(empty, "class")} without images, excluded from the means` : ""}`,
    ...describeUses(evaluation).map(({ text }) => text),
    ...(agreement ? [describeAgreement(agreement, { of: examples })] : []),
    `${accuracy("top-1", [top1, correct])}, loss ${Number.isFinite(loss) ? loss.toFixed(4) : "–"}`,
    ...(classes.length < fewestForFive ? [] : [accuracy("top-5", [top5, correctAmongFive])]),
    `mean over classes: precision ${macro.precision.toFixed(1)} %, recall ${macro.recall.toFixed(1)} %, F1 ${macro.f1.toFixed(1)} %`,
  ];
  if (reliability && examples > broken) lines.push(...renderReliability(reliability, examples));
  if (broken > 0) lines.push(`${amount(broken, "image")} gave logits that are not finite, counted as wrong.`);
  return lines.join("\n");
}

/** Both before and after the temperature, where there is one. */
function renderReliability(
  { calibration, uncalibrated, temperature, known }: Reliability,
  images: number,
): string[] {
  const { ece, brier } = calibration;
  const how =
    uncalibrated && temperature !== undefined
      ? `temperature ${temperature.toFixed(2)}; without it ${uncalibrated.ece.toFixed(3)}, loss ${uncalibrated.loss.toFixed(4)}`
      : "not calibrated: there is no temperature";
  const lines = [
    `calibration error of the probabilities (ECE, 15 bins) ${ece.toFixed(3)} (${how}), Brier score ${brier.toFixed(4)}`,
  ];
  if (known)
    lines.push(
      `taken for none of the classes: ${(images - known.images).toLocaleString("en")} of ${amount(images, "image")}, whose highest probability is below ${(100 * known.threshold).toFixed(1)} %`,
    );
  return lines;
}

const scoreColumns: readonly Column[] = [
  { title: "class", maxWidth: nameWidth },
  { title: "images", align: "right" },
  { title: "precision", align: "right" },
  { title: "recall", align: "right" },
  { title: "F1", align: "right" },
];

function renderClasses({ classes, metrics }: Evaluation): string {
  const scored = metrics.perClass.map((one, index) => ({ ...one, name: classes[index] ?? String(index) }));
  const few = scored.length <= fewClasses;
  const seen = scored.filter(({ support }) => support > 0).sort((a, b) => (a.f1 ?? 0) - (b.f1 ?? 0));
  const listed = few ? scored : seen.slice(0, worst);
  const table = renderTable(
    scoreColumns,
    listed.map((one) => [one.name, one.support, score(one.precision), score(one.recall), score(one.f1)]),
  );
  if (few) return table;
  const perfect = seen.filter(({ f1 }) => f1 === 100).length;
  const rest = [
    `Median F1 ${score(seen[Math.floor(seen.length / 2)]?.f1)} %`,
    `${amount(perfect, "class")} without a mistake`,
  ];
  return `The ${listed.length} classes with the lowest F1:\n\n${table}\n\n${rest.join(", ")}.`;
}

function renderConfusion(evaluation: Evaluation): string {
  const pairs = confusedPairs(evaluation.metrics);
  if (pairs.length === 0) return "No class is mistaken for another.";
  return evaluation.classes.length <= fewClasses ? renderMatrix(evaluation) : renderPairs(evaluation);
}

/** Columns bear the names where they are short, else the numbers that stand before the rows' names. */
function renderMatrix({ classes, metrics }: Evaluation): string {
  const short = classes.every((name) => displayWidth(name) <= 3);
  const heading = (name: string, index: number): string => (short ? name : String(index + 1));
  const columns: Column[] = [
    { title: short ? "" : "class", maxWidth: nameWidth },
    ...classes.map((name, index): Column => ({ title: heading(name, index), align: "right" })),
  ];
  const counts = new Map(metrics.confusion.map((cell) => [`${cell.label} ${cell.predicted}`, cell.count]));
  const rows = classes.map((name, label) => [
    short ? name : `${label + 1} ${name}`,
    ...classes.map((_, predicted) => counts.get(`${label} ${predicted}`) ?? "·"),
  ]);
  return `Rows are the images' classes, columns what was predicted:\n\n${renderTable(columns, rows)}`;
}

function renderPairs({ classes, metrics }: Evaluation): string {
  const name = (index: number): string => classes[index] ?? String(index);
  const pairs = confusedPairs(metrics);
  const rows = pairs.slice(0, worst).map(({ label, predicted, count }) => {
    const support = metrics.perClass[label]?.support ?? 0;
    return [name(label), name(predicted), count, `${Math.round((100 * count) / support)} %`];
  });
  const columns: readonly Column[] = [
    { title: "class", maxWidth: nameWidth },
    { title: "taken for", maxWidth: nameWidth },
    { title: "images", align: "right" },
    { title: "of the class", align: "right" },
  ];
  const mistakes = pairs.reduce((sum, { count }) => sum + count, 0);
  return `The most frequent of ${amount(mistakes, "mistake")}:\n\n${renderTable(columns, rows)}`;
}

function score(value: number | undefined): string {
  return value === undefined ? "–" : value.toFixed(1);
}

function amount(count: number, noun: string): string {
  const plural = noun.endsWith("s") ? `${noun}es` : `${noun}s`;
  return `${count.toLocaleString("en")} ${count === 1 ? noun : plural}`;
}
