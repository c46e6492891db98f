/** What a data set holds: classes, images of each split, and how large they are. */

import { type Dataset, type Split, splitNames } from "../datasets/dataset.ts";
import { type ImageFacts, readImageFacts } from "../images/image-facts.ts";

/** Enough to see whether sizes differ, few enough to be quick on a slow disk. */
const lookedAt = 24;

/** Labelled images. Splits that hold none are left out. */
export interface DatasetRecord {
  readonly type: "dataset";
  readonly path: string;
  readonly layout: Dataset["layout"];
  readonly images: Readonly<Partial<Record<Split, number>>>;
  readonly classes: readonly (Readonly<Partial<Record<Split, number>>> & { readonly name: string })[];
  readonly looked: LookedAt;
  readonly notes: readonly string[];
}

export async function inspectData(
  path: string,
  dataset: Dataset,
  signal?: AbortSignal,
): Promise<DatasetRecord> {
  const { layout, classes, splits, notes } = dataset;
  const present = splitNames.filter((split) => splits[split].length > 0);
  const images = Object.fromEntries(present.map((split) => [split, splits[split].length]));
  const counts = countByClass(dataset);
  const rows = classes.map((name, label) => ({
    name,
    ...Object.fromEntries(present.map((split) => [split, counts[split][label]])),
  }));
  const looked = await lookAt(dataset, signal);
  return { type: "dataset", path, layout, images, classes: rows, looked, notes };
}

type Counts = Readonly<Record<Split, readonly number[]>>;

function countByClass({ classes, splits }: Dataset): Counts {
  const count = (split: Split) => {
    const counts = new Uint32Array(classes.length);
    for (const { label } of splits[split]) counts[label] = (counts[label] as number) + 1;
    return [...counts];
  };
  return { train: count("train"), val: count("val"), test: count("test") };
}

/** What a look at some of the files found. */
export interface LookedAt {
  /** How many files were opened, spread evenly over the data. */
  readonly files: number;
  readonly unreadable: number;
  readonly kinds: Readonly<Record<string, number>>;
  /** [width, height] */
  readonly smallest: readonly [number, number] | null;
  readonly largest: readonly [number, number] | null;
}

async function lookAt({ splits }: Dataset, signal: AbortSignal | undefined): Promise<LookedAt> {
  const all = splitNames.flatMap((split) => splits[split]);
  const every = Math.max(1, all.length / lookedAt);
  const chosen = Array.from(
    { length: Math.min(all.length, lookedAt) },
    (_, at) => all[Math.floor(at * every)],
  );
  const found: ImageFacts[] = [];
  for (const example of chosen) {
    signal?.throwIfAborted();
    const facts = example && (await readImageFacts(example.path));
    if (facts) found.push(facts);
  }
  const bySize = found.toSorted((a, b) => a.width * a.height - b.width * b.height);
  const sizeOf = (facts: ImageFacts | undefined) => (facts ? ([facts.width, facts.height] as const) : null);
  const kinds = [...new Set(found.map(({ kind }) => kind))].map((kind) => [
    kind,
    found.filter((one) => one.kind === kind).length,
  ]);
  return {
    files: chosen.length,
    unreadable: chosen.length - found.length,
    kinds: Object.fromEntries(kinds),
    smallest: sizeOf(bySize[0]),
    largest: sizeOf(bySize.at(-1)),
  };
}
