/** What the report of a study says: its protocol in sentences, and its tables as rows of text. */

import { renderDuration } from "../duration.ts";
import type { CostRow } from "./events.ts";
import { paperRowsFor } from "./paper-rows.ts";
import type { StudyPlan } from "./plan-study.ts";
import type { DataCopy } from "./study-data.ts";
import type { StudyInput } from "./study-schema.ts";
import type { Difference, MeanRow, SeedScores, StudyRow, StudyTable } from "./tabulate.ts";

export interface StudyReport {
  readonly input: StudyInput;
  readonly plan: StudyPlan;
  readonly copies: ReadonlyMap<string, DataCopy>;
  readonly table: StudyTable;
  readonly costs: readonly CostRow[];
  /** The model's name. */
  readonly model: string;
}

export interface Section {
  readonly title: string;
  /** What the numbers are; may be empty. */
  readonly note: string;
  readonly columns: readonly { readonly title: string; readonly number?: boolean }[];
  readonly rows: readonly (readonly string[])[];
}

interface Sections {
  readonly title: string;
  readonly subtitle: string;
  readonly warnings: readonly string[];
  readonly paragraphs: readonly string[];
  readonly sections: readonly Section[];
}

const sectionsOf = (report: StudyReport): readonly Section[] => [
  accuracies(report),
  ...differences(report),
  details(report),
  preprocessing(report),
  dataSets(report),
  ...costs(report),
];

export function studySections(report: StudyReport): Sections {
  const { input, plan, model } = report;
  const sets = plan.data.map(({ name }) => name).join(", ");
  return {
    title: input.preset === undefined ? `Study of ${model}` : `Study of ${model}: ${input.preset}`,
    subtitle: `${count(plan.data.length, "data set")}: ${sets}`,
    warnings: warningsOf(report),
    paragraphs: [protocol(report)],
    sections: sectionsOf(report),
  };
}

const count = (number: number, one: string): string =>
  `${number.toLocaleString("en")} ${one}${number === 1 ? "" : "s"}`;

const testSelected =
  "The epochs are CHOSEN ON TEST IMAGES, as the official code of RLRR does. These accuracies are higher than anybody will get on new images, and may not be compared with numbers that were read once.";

function warningsOf({ plan, table: { rows } }: StudyReport): readonly string[] {
  const missing = rows.reduce((sum, row) => sum + row.missing, 0);
  const diverged = rows.reduce((sum, row) => sum + row.diverged, 0);
  return [
    ...(plan.select === "test" ? [testSelected] : []),
    ...(missing > 0 ? [`Not finished: ${count(missing, "trial")} on test images to go.`] : []),
    ...(diverged > 0 ? [`${count(diverged, "trial")} diverged: rows without a test accuracy.`] : []),
  ];
}

function protocol({ plan }: StudyReport): string {
  const { cells, seeds, tuneSeeds, select } = plan;
  const tuned = new Set(
    cells.flatMap(({ settings }) => (settings.length > 1 ? Object.keys(settings[0]?.varied ?? {}) : [])),
  );
  const chosen =
    tuned.size === 0
      ? "Nothing was tuned."
      : `Chosen on validation images, by the last epoch of ${count(tuneSeeds.length, "training")} without them each: ${[...tuned].join(", ")}.`;
  const read =
    select === "test"
      ? "Then training and validation images are trained on, and test images are read after every epoch."
      : "Then training and validation images are trained on, and test images are read once, after the last epoch.";
  const spread =
    seeds.length > 1
      ? `mean ± sample standard deviation over ${seeds.length} seeds (${seeds.join(", ")})`
      : `one seed (${seeds[0]})`;
  return `Accuracies are top-1 in percent, ${spread}. ${chosen} ${read}`;
}

const label = ({ method, recipe }: { readonly method: string; readonly recipe?: string }): string =>
  recipe === undefined ? method : `${method}, ${recipe}`;

const percent = (value: number): string => value.toFixed(1);
const scored = (scores: Pick<SeedScores, "mean" | "std"> | undefined): string =>
  scores === undefined
    ? "–"
    : scores.std === null
      ? percent(scores.mean)
      : `${percent(scores.mean)} ± ${percent(scores.std)}`;
const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;

/** Methods down, data sets across, and the paper's rows below ours. */
function accuracies({ input, plan, table: { rows, means } }: StudyReport): Section {
  const names = plan.data.map(({ name }) => name);
  const split = plan.select === "test" ? "test, BEST EPOCH ON TEST" : "test, last epoch";
  const methods = [...new Map(rows.map((row) => [label(row), row])).values()];
  const groups = new Set(plan.data.map(({ group }) => group));
  const isGrouped = groups.size > 1 && !groups.has(undefined);
  const paper = paperRowsFor(input.preset, names);
  const ours = methods.map((method) => {
    const own = rows.filter((row) => label(row) === label(method));
    const mean = means.find((row) => label(row) === label(method));
    return [
      label(method),
      parameters(own),
      ...names.map((name) => scored(own.find(({ data }) => data === name)?.test)),
      ...meanCells(mean, { sets: names.length, isGrouped }),
    ];
  });
  const theirs = paper.map(({ title, cells, mean, groupMean }) => [
    ...[title, "", ...cells.map((cell) => (cell === undefined ? "" : percent(cell)))],
    ...(names.length < 2 ? [] : [mean === undefined ? "" : percent(mean)]),
    ...(isGrouped ? [groupMean === undefined ? "" : percent(groupMean)] : []),
  ]);
  const note =
    paper.length === 0
      ? ""
      : "Rows in parentheses are the paper's: ViT-B/16, one seed, its own protocol, the best epoch chosen on test images by its code.";
  return {
    title: `Accuracy (${split})`,
    note: `${isGrouped ? `Mean${names.length} is the mean over all sets, Mean${groups.size}g that of the ${groups.size} groups' means; the two are not to be compared. ` : ""}${note}`.trim(),
    columns: [
      { title: "method" },
      { title: "trainable without head", number: true },
      ...names.map((title) => ({ title, number: true })),
      ...(names.length < 2 ? [] : [{ title: `Mean${names.length}`, number: true }]),
      ...(isGrouped ? [{ title: `Mean${groups.size}g`, number: true }] : []),
    ],
    rows: [...ours, ...theirs],
  };
}

function meanCells(
  mean: MeanRow | undefined,
  { sets, isGrouped }: { readonly sets: number; readonly isGrouped: boolean },
): readonly string[] {
  return [...(sets < 2 ? [] : [scored(mean?.mean)]), ...(isGrouped ? [scored(mean?.groupMean)] : [])];
}

/** The same for every data set: only heads differ. */
function parameters(rows: readonly StudyRow[]): string {
  const [first] = rows.filter(({ trainable }) => trainable !== undefined);
  return first?.trainable === undefined
    ? "–"
    : (first.trainable - (first.headTrainable ?? 0)).toLocaleString("en");
}

function differences({ plan, table: { rows, means } }: StudyReport): readonly Section[] {
  const { reference } = plan;
  if (reference === undefined || !rows.some(({ difference }) => difference)) return [];
  const names = plan.data.map(({ name }) => name);
  const methods = [...new Map(rows.map((row) => [label(row), row])).values()].filter(
    ({ method }) => method !== reference,
  );
  return [
    {
      title: `Difference from ${reference} (test, points)`,
      note: "Paired by seed; in brackets the 95 % interval by Student's t over seeds, which holds what seeds change and not what other images would.",
      columns: [
        { title: "method" },
        ...[...names, ...(names.length < 2 ? [] : [`Mean${names.length}`])].map((title) => ({
          title,
          number: true,
        })),
      ],
      rows: methods.map((method) => [
        label(method),
        ...names.map((name) =>
          differed(rows.find((row) => label(row) === label(method) && row.data === name)?.difference),
        ),
        ...(names.length < 2
          ? []
          : [differed(means.find((row) => label(row) === label(method))?.difference)]),
      ]),
    },
  ];
}

function differed(difference: Difference | undefined): string {
  if (!difference) return "–";
  const { mean, interval } = difference;
  return interval ? `${signed(mean)} [${interval.map(signed).join(", ")}]` : signed(mean);
}

const varied = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ") || "–";

/** Every row of the study, with the split and the epoch of each number. */
function details({ plan, table: { rows } }: StudyReport): Section {
  const letters = lettersOf(rows);
  const onTest = plan.select === "test";
  const number = true;
  return {
    title: "Every row",
    note: "Best epochs are chosen on the split that is shown, which makes their accuracies too high. Validation accuracies are of trainings without validation images.",
    columns: [
      ...[{ title: "data" }, { title: "method" }, { title: "chosen on val" }],
      { title: "test images", number },
      { title: "test, last epoch", number },
      ...(onTest ? [{ title: "test, best epoch ON TEST", number }] : []),
      ...[
        { title: "val images", number },
        { title: "val, last epoch", number },
        { title: "val, best epoch", number },
      ],
      ...[
        { title: "trained on", number },
        { title: "epochs", number },
        { title: "learning rate", number },
      ],
      ...[{ title: "trainable with head", number }, { title: "without", number }, { title: "preprocessing" }],
    ],
    rows: rows.map((row) => {
      const { data, chosen, test, testLast, val, valBest, trainImages, epochs, learningRate } = row;
      const { trainable, headTrainable = 0 } = row;
      return [
        ...[data, label(row), varied(chosen), String(test?.images ?? row.copy.images.test)],
        scored(onTest ? testLast : test),
        ...(onTest ? [scored(test)] : []),
        ...[String(val?.images ?? row.copy.images.val), scored(val), scored(valBest)],
        ...[trainImages, epochs, learningRate].map((value) => (value === undefined ? "–" : String(value))),
        ...[trainable, trainable && trainable - headTrainable].map(
          (value) => value?.toLocaleString("en") ?? "–",
        ),
        letters.get(JSON.stringify(row.preprocessing)) ?? "–",
      ];
    }),
  };
}

/** P1, P2 and so on, for each kind of preprocessing. */
const lettersOf = (rows: readonly StudyRow[]): ReadonlyMap<string, string> =>
  new Map(
    [...new Set(rows.flatMap(({ preprocessing: own }) => (own ? [JSON.stringify(own)] : [])))].map(
      (key, index) => [key, `P${index + 1}`],
    ),
  );

function preprocessing({ table: { rows } }: StudyReport): Section {
  const letters = lettersOf(rows);
  return {
    title: "Preprocessing",
    note: "",
    columns: [{ title: "name" }, { title: "training" }, { title: "validation and test" }],
    rows: [...letters].map(([key, letter]) => {
      const { training, evaluation } = JSON.parse(key) as NonNullable<StudyRow["preprocessing"]>;
      return [letter, training, evaluation];
    }),
  };
}

function dataSets({ plan, copies }: StudyReport): Section {
  const number = true;
  return {
    title: "Data sets",
    note: "The manifest is the SHA-256 over the sorted SHA-256 hashes of all images. Two copies of a set with other manifests are other data.",
    columns: [
      ...[
        { title: "data" },
        { title: "classes", number },
        { title: "train", number },
        { title: "val", number },
      ],
      ...[{ title: "test", number }, { title: "files" }, { title: "manifest" }],
    ],
    rows: plan.data.map(({ name }) => {
      const copy = copies.get(name);
      if (!copy) throw new Error(`internal: no copy of ${name}.`);
      const { train, val, test } = copy.images;
      const kinds = Object.entries(copy.kinds).map(
        ([kind, files]) => `${files.toLocaleString("en")} ${kind}`,
      );
      return [name, ...[copy.classes, train, val, test].map(String), kinds.sort().join(", "), copy.manifest];
    }),
  };
}

function costs({ costs: rows }: StudyReport): readonly Section[] {
  if (rows.length === 0) return [];
  return [
    {
      title: "Time and memory",
      note: "Of one training on all images, with its checks and the features of a linear probe where no other trial had computed them. Other than all numbers above, these differ from run to run.",
      columns: [
        { title: "data" },
        { title: "method" },
        { title: "time", number: true },
        { title: "peak memory", number: true },
      ],
      rows: rows.map((row) => [
        ...[row.data, label(row), renderDuration(1000 * row.seconds)],
        `${Math.round(row.peakBytes / 2 ** 20).toLocaleString("en")} MiB`,
      ]),
    },
  ];
}
