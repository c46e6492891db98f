/** Folders `train`, `val` and `test`, each a folder of class folders. */

import { join } from "node:path";
import { FileError } from "../errors.ts";
import type { Split } from "./dataset.ts";
import { byCodeUnit } from "./find-images.ts";
import { type ClassImages, examplesOf, type Found, readClasses } from "./read-class-folders.ts";

const SPLIT_NAMES: Readonly<Record<string, Split>> = {
  train: "train",
  training: "train",
  val: "val",
  valid: "val",
  validation: "val",
  test: "test",
  testing: "test",
};

/** The split that a folder or a CSV cell names, whatever its case. */
export const splitNamed = (name: string): Split | undefined => {
  const key = name.toLowerCase();
  return Object.hasOwn(SPLIT_NAMES, key) ? SPLIT_NAMES[key] : undefined;
};

const quoted = (names: readonly string[]): string =>
  names
    .slice(0, 5)
    .map((name) => `"${name}"`)
    .join(", ") + (names.length > 5 ? `, … (${names.length})` : "");

/** Every split must speak of the same classes; a class that one lacks is worth a word, one that cannot be learned is an error. */
function agree(
  root: string,
  splits: ReadonlyMap<Split, ClassImages>,
): { classes: readonly string[]; notes: readonly string[] } {
  const all = new Set([...splits.values()].flatMap(({ byClass }) => [...byClass.keys()]));
  const classes = [...all].toSorted(byCodeUnit);
  const notes: string[] = [];
  for (const [split, { byClass }] of splits) {
    const lacking = classes.filter((name) => !byClass.has(name));
    if (lacking.length === 0) continue;
    if (split === "train")
      throw new FileError(
        `${root}: train has no images of ${quoted(lacking)}, which other splits have. Every class must be in train.`,
      );
    notes.push(`${split} has no images of ${quoted(lacking)}.`);
  }
  return { classes, notes };
}

/** Reads the split folders among `folders`, the names of the folders in `root`. */
export async function readSplitFolders(
  root: string,
  { folders, signal }: { readonly folders: readonly string[]; readonly signal?: AbortSignal },
): Promise<Found> {
  const splits = new Map<Split, ClassImages>();
  const others: string[] = [];
  for (const folder of folders) {
    const split = splitNamed(folder);
    if (split === undefined) others.push(folder);
    else if (splits.has(split))
      throw new FileError(`${root} has two folders for ${split}, one of them "${folder}"; keep one.`);
    else splits.set(split, await readClasses(join(root, folder), { signal }));
  }
  const { classes, notes } = agree(root, splits);
  const examples = (split: Split) => {
    const found = splits.get(split);
    return found === undefined ? [] : examplesOf(found, classes);
  };
  return {
    classes,
    splits: { train: examples("train"), val: examples("val"), test: examples("test") },
    notes: [
      ...[...splits.values()].flatMap((found) => found.notes),
      ...notes,
      ...(others.length > 0 ? [`Ignored folders that are not splits: ${quoted(others)}.`] : []),
    ],
  };
}
