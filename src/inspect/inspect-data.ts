/** Describes a data set: classes, images per split, and what to fix before training on it. */

import { type Dataset, type Split, splitNames } from "../datasets/dataset.ts";
import { findEqualFiles } from "../datasets/duplicates.ts";
import { type Looked, lookAtImages } from "../datasets/look-at-images.ts";
import { findNearPaths, type NearPaths } from "../datasets/near-duplicate-notes.ts";
import { limits } from "../limits.ts";
import type { ProgressEvent } from "../train/fit-events.ts";
import { advise } from "./advise.ts";

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
  /** Images that look the same though their files differ, in sets. */
  readonly nearDuplicates: NearPaths["groups"];
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
  const { looked, copies, near } = await lookAt(dataset, options);
  const rows = classes.map((name, label) => ({
    name,
    ...Object.fromEntries(present.map((split) => [split, countOf(counts[split], label)])),
  }));
  const trainCounts = classes.map((_, label) => countOf(counts.train, label));
  const advice = advise({ dataset, trainCounts, looked, copies, near });
  return {
    ...{ type: "dataset", path, layout, images, classes: rows, looked },
    ...{ notes: [...notes, ...limitNotes(looked)], copies, nearDuplicates: near.groups, advice },
  };
}

/** Files of equal content, each set with the file that the others are copies of first. */
type Copies = readonly (readonly string[])[];

async function lookAt(
  dataset: Dataset,
  { signal, onImages }: InspectDataOptions,
): Promise<{ looked: Looked; copies: Copies; near: NearPaths }> {
  const watch = (label: string) => ({
    ...(signal && { signal }),
    onProgress: (done: number, total: number) =>
      onImages?.({ type: "progress", label, done, total, unit: "images" }),
  });
  const { looked, sketches } = await lookAtImages(dataset, watch("looking at images"));
  const paths = splitNames.flatMap((split) => dataset.splits[split].map(({ path }) => path));
  const copies = await findEqualFiles(paths, watch("comparing files"));
  const near = await findNearPaths(sketches, { ...watch("comparing images"), equal: copies });
  return { looked, copies, near };
}

function limitNotes({ files }: Looked): readonly string[] {
  const most = limits.MAX_COMPARED_IMAGES.value;
  if (files <= most) return [];
  return [`Near-duplicates were searched among the first ${most} of the ${files} images.`];
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
