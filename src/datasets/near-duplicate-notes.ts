/** What near-duplicates mean for a data set: one picture in two classes, in two splits, or many times in one. */

import { relative } from "node:path";
import type { Dataset, Split } from "./dataset.ts";
import { counted } from "./describe-dataset.ts";
import type { Sketches } from "./look-at-images.ts";
import { findNearDuplicates, type NearDuplicateOptions, type NearDuplicates } from "./near-duplicates.ts";

/** The same by path. */
export interface NearPaths {
  readonly groups: readonly (readonly string[])[];
  readonly pairs: readonly (readonly [string, string])[];
}

/** Near-duplicates among images with sketches; of files of equal content only the first is compared. */
export async function findNearPaths(
  sketches: Sketches,
  { equal = [], ...options }: NearDuplicateOptions & { readonly equal?: readonly (readonly string[])[] } = {},
): Promise<NearPaths> {
  const copies = new Set(equal.flatMap((group) => group.slice(1)));
  const paths = [...sketches.keys()].filter((path) => !copies.has(path));
  const found: NearDuplicates = await findNearDuplicates(
    paths.map((path) => sketches.get(path)),
    options,
  );
  const pathOf = (index: number): string => paths[index] as string;
  return {
    groups: found.groups.map((group) => group.map(pathOf)),
    pairs: found.pairs.map(([a, b]) => [pathOf(a), pathOf(b)] as const),
  };
}

type Labelled = Pick<Dataset, "root" | "splits">;

const held: readonly (readonly [Split, Split])[] = [
  ["train", "test"],
  ["val", "test"],
  ["train", "val"],
];
const kinds = { train: "training", val: "validation", test: "test" } as const;

/** The gravest first, each with what to do; an image is counted in the first that it belongs to. */
export function nearDuplicateNotes(dataset: Labelled, near: NearPaths): readonly string[] {
  if (near.groups.length === 0) return [];
  const told = new Set<string>();
  return [
    ...acrossClasses(dataset, { near, told }),
    ...acrossSplits(dataset, { near, told }),
    ...within(dataset, { near, told }),
  ];
}

interface Telling {
  readonly near: NearPaths;
  /** Images that a note has counted already. */
  readonly told: Set<string>;
}

const namesIn =
  ({ root }: Labelled) =>
  (path: string): string =>
    relative(root, path) || path;
const more = (count: number): string => (count > 1 ? ", …" : "");

function acrossClasses(dataset: Labelled, { near, told }: Telling): readonly string[] {
  const { train, val, test } = dataset.splits;
  const labels = new Map<string, Set<number>>();
  for (const { path, label } of [...train, ...val, ...test])
    labels.set(path, (labels.get(path) ?? new Set()).add(label));
  const differ = ([a, b]: readonly [string, string]): boolean => {
    const others = labels.get(b);
    return ![...(labels.get(a) ?? [])].some((label) => others?.has(label));
  };
  const torn = near.pairs.filter(differ);
  const [first] = torn;
  if (first === undefined) return [];
  for (const path of torn.flat()) told.add(path);
  const name = namesIn(dataset);
  return [
    `${counted(told.size, "image looks", "images look")} the same as an image of another class (${name(first[0])} and ${name(first[1])}${more(torn.length)}). Look at each pair: correct the wrong label, or remove both.`,
  ];
}

function acrossSplits(dataset: Labelled, { near, told }: Telling): readonly string[] {
  const name = namesIn(dataset);
  return held.flatMap(([a, b]) => {
    const pathsOf = (split: Split) => new Set(dataset.splits[split].map(({ path }) => path));
    const [own, other] = [pathsOf(a), pathsOf(b)];
    const found = near.groups.flatMap((group) =>
      group.some((path) => own.has(path))
        ? group.filter((path) => other.has(path) && !own.has(path) && !told.has(path))
        : [],
    );
    if (found.length === 0) return [];
    for (const path of found) told.add(path);
    const pair = near.pairs.find(
      ([x, y]) => (own.has(x) && found.includes(y)) || (own.has(y) && found.includes(x)),
    );
    const example = pair ? ` (${name(pair[0])} and ${name(pair[1])}${more(found.length)})` : "";
    return [
      `${counted(found.length, `${kinds[b]} image looks`, `${kinds[b]} images look`)} the same as a ${kinds[a]} image${example}; results on ${b} will look better than they are. Keep each set of such images in one split.`,
    ];
  });
}

function within(dataset: Labelled, { near, told }: Telling): readonly string[] {
  const rest = near.groups.filter((group) => !group.some((path) => told.has(path)));
  const [first] = rest;
  if (first === undefined) return [];
  const extra = rest.reduce((sum, group) => sum + group.length - 1, 0);
  const same = counted(
    extra,
    "image looks the same as another of its",
    "images look the same as others of their",
  );
  const name = namesIn(dataset);
  const split =
    dataset.splits.val.length > 0
      ? ""
      : " A validation split that training makes may hold one of a pair whose other it trains on, and then looks better than it is.";
  return [
    `${same} class and split (${first.slice(0, 2).map(name).join(" and ")}${more(extra)}). Keep one of each set, unless they differ in what matters.${split}`,
  ];
}
