/** An analysis as text: what each adapter wins and keeps, and what became of its weights. */

import { type Column, renderTable } from "../table.ts";
import type { Analysis, AnalyzedAdapter } from "./analysis.ts";
import { formatAccuracy } from "./format-accuracy.ts";
import { measures, sayUnmergeable, summarise } from "./summarise-analysis.ts";

/** Lines for a person to read, without a line break at the end. */
export function renderAnalysis(analysis: Analysis): string {
  const { base, adapters, notes } = analysis;
  const unmergeable = adapters.flatMap((adapter) => sayUnmergeable(adapter) ?? []);
  return [
    `${adapters.length === 1 ? "1 adapter" : `${adapters.length} adapters`} of ${base.id}`,
    renderKept(analysis),
    renderWeights(analysis),
    [...unmergeable, ...notes].join("\n"),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

const number = (value: number | undefined, digits: number, unit = ""): string =>
  value === undefined ? "–" : `${value.toFixed(digits)}${unit}`;
const right = (title: string): Column => ({ title, align: "right" });
const names: readonly Column[] = [{ title: "adapter", maxWidth: 32 }, { title: "method" }];

/** Without images, the accuracy is what training measured. */
function renderKept({ base, adapters }: Analysis): string {
  const [first] = adapters;
  const { kept } = base;
  const columns = [
    ...names,
    right(first?.task ? `top-1, ${first.task.split}` : "top-1, validation"),
    ...(first?.similarity ? [right("CKA")] : []),
    ...(kept ? [right("probe"), right("base's probe"), ...(kept.ownHead ? [right("own head")] : [])] : []),
  ];
  const keptCells = (own: AnalyzedAdapter["kept"]) =>
    own
      ? [
          number(own.probe.top1, 1, " %"),
          number(own.baseProbe.top1, 1, " %"),
          ...(kept?.ownHead ? [number(own.ownHead?.top1, 1, " %")] : []),
        ]
      : [];
  const rows = adapters.map(({ name, method, task, validation, similarity, kept: own }) => [
    ...[name, method],
    number(task?.top1 ?? (validation?.kind === "none" ? undefined : validation?.top1), 1, " %"),
    ...(similarity ? [number(similarity.feature, 3)] : []),
    ...keptCells(own),
  ]);
  if (kept) rows.unshift(["(base)", "", "", ...(first?.similarity ? ["1.000"] : []), ...keptCells(kept)]);
  return [renderTable(columns, rows), ...sayImages(first, kept)].join("\n");
}

/** On how many images each number stands. */
function sayImages(first: AnalyzedAdapter | undefined, kept: Analysis["base"]["kept"]): string[] {
  const { task, similarity } = first ?? {};
  return [
    ...(task ? [`top-1 on ${formatAccuracy(task).replace(/, 95.*/, "")}.`] : []),
    ...(similarity
      ? [`CKA with the base's features of ${similarity.images} ${similarity.split} images: 1 is alike.`]
      : []),
    ...(kept
      ? [
          `probe: fitted to the features of ${kept.trainImages} training images of the other set, right on so many of ${kept.probe.images} ${kept.probe.split} images; base's probe: the one of the base's features.`,
        ]
      : []),
  ];
}

/** Means over the matrices that are changed. */
function renderWeights({ base, adapters }: Analysis): string {
  const changing = adapters.filter(({ matrices }) => matrices.length > 0);
  if (changing.length === 0) return "No adapter changes a matrix of the base.";
  const columns = [...names, right("matrices"), ...measures.map(({ name }) => right(name))];
  const rows = changing.map((adapter) => {
    const means = summarise(adapter);
    return [
      ...[adapter.name, adapter.method, adapter.matrices.length],
      ...measures.map(({ key, unit }) => number(means[key], 2, unit === "" ? "" : ` ${unit}`)),
    ];
  });
  return `${renderTable(columns, rows)}\nMeans over the matrices that an adapter changes; left (inputs) and right (outputs): mean principal angle of the subspaces of the ${base.top} largest singular values, or of all where there are fewer.`;
}
