/** The accuracies of a study, methods down and data sets across, and how far they are from those of a reference. */

import { paperRowsFor } from "./paper-rows.ts";
import type { Difference, MeanRow } from "./study-means.ts";
import { label, percent, type Section, type StudyReport, scored, signed } from "./study-report.ts";
import type { StudyRow } from "./tabulate.ts";

/** Methods down, data sets across, and the paper's rows below ours. */
export function accuracies({ input, plan, table: { rows, means } }: StudyReport): Section {
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

export function differences({ plan, table: { rows, means } }: StudyReport): readonly Section[] {
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
