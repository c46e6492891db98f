/** Lists of "file, label" become a data set: paths kept inside the folder, files found, labels numbered. */

import { readdir } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { FileError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import type { Example, Split } from "./dataset.ts";
import { byCodeUnit, MAX_EXAMPLES } from "./find-images.ts";
import type { Found } from "./read-class-folders.ts";

export interface ListEntry {
  /** As written in the list. */
  readonly file: string;
  readonly label: string;
  /** `flowers/train.txt, line 3`. */
  readonly where: string;
}

export type Lists = Readonly<Record<Split, readonly ListEntry[]>>;

/** How many missing files a message prints; the rest are counted. */
const PRINTED = 20;
const WHOLE_NUMBER = /^\d{1,9}$/;

/** Whole numbers by value, so that 10 comes after 9; anything else by code units. */
export function sortLabels(labels: Iterable<string>): readonly string[] {
  const distinct = [...new Set(labels)];
  return distinct.every((label) => WHOLE_NUMBER.test(label))
    ? distinct.toSorted((a, b) => Number(a) - Number(b))
    : distinct.toSorted(byCodeUnit);
}

/** The path inside `folder`, or an error: a list must not reach files elsewhere on the machine. */
function insidePath(folder: string, { file, where }: ListEntry): string {
  const base = resolve(folder);
  const inside = relative(base, resolve(base, file));
  if (inside === "" || inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    throw new FileError(`${where}: "${file}" lies outside ${folder}. Paths must stay inside it.`);
  return join(folder, inside);
}

/** Which of `paths` are not there. Folders are listed once, which is far faster than asking for each file. */
async function findMissing(
  paths: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const listed = new Map<string, ReadonlySet<string>>();
  const missing: string[] = [];
  for (const path of new Set(paths)) {
    const folder = dirname(path);
    let names = listed.get(folder);
    if (names === undefined) {
      signal?.throwIfAborted();
      names = new Set(await readdir(folder).catch(() => []));
      listed.set(folder, names);
    }
    // Asked again one by one, as a file system may ignore case or spell accents its own way.
    if (!names.has(basename(path)) && !(await exists(path))) missing.push(path);
  }
  return missing;
}

/** Class names and the index of each label. Given names are for labels that count from 0. */
function numberLabels(lists: Lists, names: readonly string[] | undefined) {
  const entries = Object.values(lists).flat();
  if (names === undefined) {
    const classes = sortLabels(entries.map(({ label }) => label));
    return { classes, indexOf: new Map(classes.map((label, index) => [label, index])) };
  }
  const indexOf = new Map<string, number>();
  for (const { label, where } of entries) {
    if (indexOf.has(label)) continue;
    const index = WHOLE_NUMBER.test(label) ? Number(label) : Number.NaN;
    if (!(index < names.length))
      throw new FileError(
        `${where}: label "${label}" is not a whole number from 0 to ${names.length - 1}; there are ${names.length} class names.`,
      );
    indexOf.set(label, index);
  }
  return { classes: names, indexOf };
}

/** Each file once: named twice, it could validate what it trains. With two labels it has none. */
function distinct(entries: readonly ListEntry[], base: string): { path: string; entry: ListEntry }[] {
  const first = new Map<string, ListEntry>();
  for (const entry of entries) {
    const path = insidePath(base, entry);
    const before = first.get(path);
    if (before === undefined) first.set(path, entry);
    else if (before.label !== entry.label)
      throw new FileError(
        `${entry.where}: "${entry.file}" is labelled "${entry.label}" here and "${before.label}" in ${before.where}. One label for each image is possible.`,
      );
  }
  return [...first].map(([path, entry]) => ({ path, entry }));
}

export interface ListOptions {
  /** Class names for labels that count from 0; otherwise the labels are the names. */
  readonly names?: readonly string[];
  /** A folder inside that the paths may be relative to instead. */
  readonly alternative?: string;
  readonly signal?: AbortSignal;
}

/** Makes a data set of `lists`, whose paths are relative to `folder`. */
export async function datasetFromLists(
  folder: string,
  lists: Lists,
  options: ListOptions = {},
): Promise<Found> {
  const { names, alternative, signal } = options;
  const all = Object.values(lists).flat();
  const [first] = all;
  if (first === undefined) throw new FileError(`${folder}: the lists name no images.`);
  if (all.length > MAX_EXAMPLES)
    throw new FileError(
      `${folder}: the lists name ${all.length} images; at most ${MAX_EXAMPLES} are allowed.`,
    );
  const other = alternative === undefined ? folder : join(folder, alternative);
  const moved = !(await exists(insidePath(folder, first))) && (await exists(insidePath(other, first)));
  const base = moved ? other : folder;

  const { classes, indexOf } = numberLabels(lists, names);
  const notes: string[] = [];
  const examples = (split: Split): readonly Example[] => {
    const found = distinct(lists[split], base).map(({ path, entry }) => ({
      path,
      label: indexOf.get(entry.label) ?? 0,
    }));
    const twice = lists[split].length - found.length;
    if (twice > 0)
      notes.push(`${folder}: ${twice} of the ${split} list's lines name a file again and are left out.`);
    return found;
  };
  const splits = { train: examples("train"), val: examples("val"), test: examples("test") };

  const missing = await findMissing(
    Object.values(splits).flatMap((split) => split.map(({ path }) => path)),
    signal,
  );
  if (missing.length > 0) {
    const shown = missing
      .slice(0, PRINTED)
      .map((path) => `\n  ${path}`)
      .join("");
    const more = missing.length > PRINTED ? `\n  … and ${missing.length - PRINTED} more.` : "";
    throw new FileError(
      `${folder}: ${missing.length} of the ${all.length} files named in the lists are missing:${shown}${more}`,
    );
  }
  return { classes, splits, notes };
}
