/** Every row of a study, with what it was trained on and how, and what it cost. */

import { renderDuration } from "../duration.ts";
import { label, type Section, type StudyReport, scored } from "./study-report.ts";
import type { StudyRow } from "./tabulate.ts";

const varied = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${typeof value === "object" ? JSON.stringify(value) : value}`)
    .join(", ") || "–";

/** Every row of the study, with the split and the epoch of each number. */
export function details({ plan, table: { rows } }: StudyReport): Section {
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

export function preprocessing({ table: { rows } }: StudyReport): Section {
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

export function dataSets({ plan, copies }: StudyReport): Section {
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
      ...[{ title: "test", number }, { title: "files" }, { title: "built" }, { title: "manifest" }],
    ],
    rows: plan.data.map(({ name }) => {
      const copy = copies.get(name);
      if (!copy) throw new Error(`internal: no copy of ${name}.`);
      const { train, val, test } = copy.images;
      const kinds = Object.entries(copy.kinds).map(
        ([kind, files]) => `${files.toLocaleString("en")} ${kind}`,
      );
      const files = [kinds.sort().join(", "), copy.built ?? "–", copy.manifest];
      return [name, ...[copy.classes, train, val, test].map(String), ...files];
    }),
  };
}

export function costs({ costs: rows }: StudyReport): readonly Section[] {
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
