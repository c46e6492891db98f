/** Describes a data set: classes, images per split, and what to fix before training on it. */

import { renderBadImages } from "../datasets/check-images.ts";
import { type Dataset, type Split, splitNames } from "../datasets/dataset.ts";
import { counted, someOf } from "../datasets/describe-dataset.ts";
import { duplicateNotes, findEqualFiles } from "../datasets/duplicates.ts";
import { type Looked, lookAtImages, SMALL } from "../datasets/look-at-images.ts";
import type { ProgressEvent } from "../train/fit-events.ts";

/** With fewer images than this a class is hardly learned, and none is left to validate on. */
const few = 5;

/** Labelled images. Splits that hold none are left out. */
export interface DatasetRecord {
  readonly type: "dataset";
  readonly path: string;
  readonly layout: Dataset["layout"];
  readonly images: Readonly<Partial<Record<Split, number>>>;
  readonly classes: readonly (Readonly<Partial<Record<Split, number>>> & { readonly name: string })[];
  readonly looked: Looked;
  readonly notes: readonly string[];
  readonly copies: Copies;
  /** What would make training worse, and what to do about it. */
  readonly advice: readonly string[];
}

export interface InspectDataOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told how many images were looked at and compared. */
  readonly onImages?: ((event: ProgressEvent) => void) | undefined;
}

/** Looks at every image. */
export async function inspectData(
  path: string,
  dataset: Dataset,
  options: InspectDataOptions = {},
): Promise<DatasetRecord> {
  const { layout, classes, splits, notes } = dataset;
  const present = splitNames.filter((split) => splits[split].length > 0);
  const images = Object.fromEntries(present.map((split) => [split, splits[split].length]));
  const counts = countByClass(dataset);
  const { looked, copies } = await lookAt(dataset, options);
  const rows = classes.map((name, label) => ({
    name,
    ...Object.fromEntries(present.map((split) => [split, countOf(counts[split], label)])),
  }));
  const advice = advise({ dataset, counts, looked, copies });
  return { type: "dataset", path, layout, images, classes: rows, looked, notes, copies, advice };
}

/** Files of equal content, each set with the file that the others are copies of first. */
type Copies = readonly (readonly string[])[];

async function lookAt(
  dataset: Dataset,
  { signal, onImages }: InspectDataOptions,
): Promise<{ looked: Looked; copies: Copies }> {
  const watch = (label: string) => ({
    ...(signal && { signal }),
    onProgress: (done: number, total: number) =>
      onImages?.({ type: "progress", label, done, total, unit: "images" }),
  });
  const looked = await lookAtImages(dataset, watch("looking at images"));
  const paths = splitNames.flatMap((split) => dataset.splits[split].map(({ path }) => path));
  return { looked, copies: await findEqualFiles(paths, watch("comparing images")) };
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
          `${counted(small, "image is", "images are")} less than ${SMALL} pixels wide or high, the smallest ${smallest.join(" x ")}. Check that they are not thumbnails of larger ones.`,
        ]
      : []),
    ...(extra > 0
      ? [
          `${counted(extra, "image is a copy", "images are copies")} of another, such as ${copies[0]?.slice(0, 2).join(" and ")}. Remove copies, above all where splits share them.`,
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
