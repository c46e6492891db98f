/** What a data set holds: classes, images of each split, and what to mend before training on it. */

import { renderBadImages } from "../datasets/check-images.ts";
import { type Dataset, type Split, splitNames } from "../datasets/dataset.ts";
import { counted, someOf } from "../datasets/describe-dataset.ts";
import { duplicateNotes, findEqualFiles } from "../datasets/duplicates.ts";
import { type Looked, lookAtImages, SMALL } from "../datasets/look-at-images.ts";
import { renderTable } from "../table.ts";
import { interruption } from "./exit.ts";
import type { Inspection } from "./inspect.ts";
import { chooseProgressMode, openProgress } from "./progress.ts";
import { type Fact, renderCount, renderFacts } from "./render-facts.ts";
import { slowly } from "./slow-progress.ts";

/** Of more classes only the smallest are listed. */
const listed = 20;
/** With fewer images than this a class is hardly learned, and none is left to validate on. */
const few = 5;

const layouts: Readonly<Record<Dataset["layout"], string>> = {
  classes: "a folder of class folders",
  splits: "split folders of class folders",
  vtab: "VTAB-1k lists",
  fgvc: "FGVC JSON lists",
  csv: "a CSV list",
};

/** Looks at every image. */
export async function inspectData(
  path: string,
  dataset: Dataset,
  { json }: { readonly json: boolean },
): Promise<Inspection> {
  const { layout, classes, splits, notes } = dataset;
  const present = splitNames.filter((split) => splits[split].length > 0);
  const images = Object.fromEntries(present.map((split) => [split, splits[split].length]));
  const counts = countByClass(dataset);
  const { looked, copies } = await lookAt(dataset, json);
  const advice = advise({ dataset, counts, looked, copies });
  const rows = classes.map((name, label) => ({
    name,
    ...Object.fromEntries(present.map((split) => [split, countOf(counts[split], label)])),
  }));
  const facts = renderFacts(`${path} is a data set: ${layouts[layout]}.`, [
    ["classes", renderCount(classes.length)],
    ["images", present.map((split) => `${renderCount(splits[split].length)} ${split}`).join(", ")],
    ...imageFacts(looked),
    ...notes.map((note, index): Fact => [index === 0 ? "notes" : "", note]),
  ]);
  const sections = [facts, renderClasses(dataset, { present, counts })];
  if (advice.length > 0)
    sections.push(["What to look into:", ...advice.map((line) => `- ${line}`)].join("\n"));
  const record = { type: "dataset", path, layout, images, classes: rows, looked, notes, copies, advice };
  return { record, text: sections.join("\n\n") };
}

/** Files of equal content, each set with the file that the others are copies of first. */
type Copies = readonly (readonly string[])[];

async function lookAt(dataset: Dataset, json: boolean): Promise<{ looked: Looked; copies: Copies }> {
  const progress = openProgress({ mode: chooseProgressMode(process.stderr, { json }) });
  const watch = (label: string) => ({ signal: interruption, onProgress: slowly(progress, { label }) });
  try {
    const looked = await lookAtImages(dataset, watch("looking at images"));
    const paths = splitNames.flatMap((split) => dataset.splits[split].map(({ path }) => path));
    return { looked, copies: await findEqualFiles(paths, watch("comparing images")) };
  } finally {
    progress.close();
  }
}

/** For each split the number of images of each class. */
type Counts = Readonly<Record<Split, ReadonlyMap<number, number>>>;

const countOf = (counts: ReadonlyMap<number, number>, label: number): number => counts.get(label) ?? 0;

function countByClass({ splits }: Dataset): Counts {
  const count = (split: Split) => {
    const counts = new Map<number, number>();
    for (const { label } of splits[split]) counts.set(label, countOf(counts, label) + 1);
    return counts;
  };
  return { train: count("train"), val: count("val"), test: count("test") };
}

function imageFacts({ files, unreadable, kinds, smallest, largest }: Looked): Fact[] {
  const sizes = [...new Set([smallest, largest].flatMap((size) => (size ? [size.join(" x ")] : [])))];
  const kindCounts = Object.entries(kinds);
  return [
    ["sizes", sizes.length > 0 ? `${sizes.join(" to ")} pixels` : undefined],
    [
      "kinds",
      kindCounts.length > 1
        ? kindCounts.map(([kind, count]) => `${renderCount(count)} ${kind}`).join(", ")
        : kindCounts[0]?.[0],
    ],
    ["unreadable", unreadable > 0 ? `${renderCount(unreadable)} of ${renderCount(files)}` : undefined],
  ];
}

interface Seen {
  readonly dataset: Dataset;
  readonly counts: Counts;
  readonly looked: Looked;
  readonly copies: Copies;
}

/** What would make training worse, and what to do about it, one sentence or two each. */
function advise({ dataset, counts, looked, copies }: Seen): readonly string[] {
  const { classes, splits } = dataset;
  const scarce = classes.flatMap((name, label) => {
    const count = countOf(counts.train, label);
    return splits.train.length > 0 && count < few ? [`${name}: ${count}`] : [];
  });
  const extra = copies.reduce((sum, group) => sum + group.length - 1, 0);
  const { bad, unreadable, small, smallest } = looked;
  return [
    ...(unreadable > 0 ? [renderBad(bad, unreadable)] : []),
    ...(scarce.length > 0
      ? [
          `${counted(scarce.length, "class has", "classes have")} fewer than ${few} training images (${someOf(scarce)}). Add images, or leave ${scarce.length === 1 ? "it" : "them"} out.`,
        ]
      : []),
    ...(small > 0 && smallest
      ? [
          `${counted(small, "image is", "images are")} less than ${SMALL} pixels wide or high, the smallest ${smallest.join(" x ")}. Check that they are no thumbnails of larger ones.`,
        ]
      : []),
    ...(extra > 0
      ? [
          `${counted(extra, "image is a copy", "images are copies")} of another, such as ${copies[0]?.slice(0, 2).join(" and ")}. Remove copies, most of all where splits share them.`,
        ]
      : []),
    ...duplicateNotes(dataset, copies),
  ];
}

/** The bad images by name, as far as they were looked into. */
function renderBad(bad: Looked["bad"], unreadable: number): string {
  const more = unreadable > bad.length ? `\n  … and ${unreadable - bad.length} more.` : "";
  const text = renderBadImages(bad).replace(/^\d+ images?/, counted(unreadable, "image"));
  return `${text}${more}`;
}

function renderClasses(
  { classes }: Dataset,
  { present, counts }: { readonly present: readonly Split[]; readonly counts: Counts },
): string {
  const total = (label: number) => present.reduce((sum, split) => sum + countOf(counts[split], label), 0);
  const rows = classes.map((name, label) => ({ name, label, total: total(label) }));
  const all = classes.length <= listed;
  const shown = all ? rows : rows.toSorted((a, b) => a.total - b.total).slice(0, listed);
  const columns = [{ title: "class" }, ...present.map((title) => ({ title, align: "right" as const }))];
  const cells = shown.map(({ name, label }) => [
    name,
    ...present.map((split) => renderCount(countOf(counts[split], label))),
  ]);
  const table = renderTable(columns, cells, { indent: 2 });
  return all ? table : `The ${listed} classes with the fewest images:\n${table}`;
}
