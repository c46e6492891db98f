/** Renders a data set: its images, its classes and what to look into. */

import type { DatasetRecord } from "../node.ts";
import { renderTable } from "../table.ts";
import { type Fact, noteFacts, renderCount, renderFacts } from "./render-facts.ts";

const layouts: Readonly<Record<DatasetRecord["layout"], string>> = {
  classes: "a folder of class folders",
  splits: "split folders of class folders",
  vtab: "VTAB-1k lists",
  fgvc: "FGVC JSON lists",
  csv: "a CSV list",
};

/** Of more classes only the smallest are listed. */
const mostListed = 20;
const splitNames = ["train", "val", "test"] as const;

export function renderDataset(record: DatasetRecord): string {
  const { path, layout, images, classes, looked, notes } = record;
  const counts = splitNames.flatMap((split) =>
    images[split] === undefined ? [] : [`${renderCount(images[split])} ${split}`],
  );
  const facts = renderFacts(`${path} is a data set: ${layouts[layout]}.`, [
    ["classes", renderCount(classes.length)],
    ["images", counts.join(", ")],
    ...lookedFacts(looked),
    ...noteFacts(notes),
  ]);
  const advice = record.advice.map((line) => `- ${line}`);
  const sections = advice.length > 0 ? [["What to look into:", ...advice].join("\n")] : [];
  return [facts, renderClasses(record), ...sections].join("\n\n");
}

function lookedFacts({ files, bad, kinds, smallest, largest }: DatasetRecord["looked"]): Fact[] {
  const sizes = [...new Set([smallest, largest].flatMap((size) => (size ? [size.join(" x ")] : [])))];
  const counts = Object.entries(kinds);
  const listed = counts.map(([kind, count]) => (counts.length > 1 ? `${renderCount(count)} ${kind}` : kind));
  return [
    ["sizes", sizes.length > 0 ? `${sizes.join(" to ")} pixels` : undefined],
    ["kinds", listed.length > 0 ? listed.join(", ") : undefined],
    ["unreadable", bad.length > 0 ? `${renderCount(bad.length)} of ${renderCount(files)}` : undefined],
  ];
}

function renderClasses({ classes, images }: DatasetRecord): string {
  const present = splitNames.filter((split) => images[split] !== undefined);
  type Row = (typeof classes)[number];
  const total = (row: Row) => present.reduce((sum, split) => sum + (row[split] ?? 0), 0);
  const few = classes.length <= mostListed;
  const shown = few ? classes : classes.toSorted((a, b) => total(a) - total(b)).slice(0, mostListed);
  const columns = [{ title: "class" }, ...present.map((title) => ({ title, align: "right" as const }))];
  const rows = shown.map((row) => [row.name, ...present.map((split) => renderCount(row[split] ?? 0))]);
  const table = renderTable(columns, rows, { indent: 2 });
  return few ? table : `The ${mostListed} classes with the fewest images:\n${table}`;
}
