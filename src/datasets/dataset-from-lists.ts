/** Makes a data set of lists of "file, label": checks that paths stay inside the folder, finds the files, numbers the labels. */

import { isAbsolute, normalize, sep } from "node:path";
import { FileError } from "../errors.ts";
import { limits } from "../limits.ts";
import { refuseTwins } from "./class-names.ts";
import { type Dataset, type Example, type Split, splitNames } from "./dataset.ts";
import { quoted } from "./describe-dataset.ts";
import { findAnywhere, openFinder } from "./find-listed.ts";
import { type ListEntry, whereIs } from "./list-files.ts";
import { byCodeUnit, type Folder, nameOf } from "./list-tree.ts";

export type Lists = Readonly<Record<Split, readonly ListEntry[]>>;

const PRINTED = limits.MAX_PRINTED.value;
const WHOLE_NUMBER = /^\d{1,9}$/;

/** Whole numbers by value, so that 10 comes after 9; anything else by code units. */
export function sortLabels(labels: Iterable<string>): readonly string[] {
  const distinct = [...new Set(labels)];
  return distinct.every((label) => WHOLE_NUMBER.test(label))
    ? distinct.toSorted((a, b) => Number(a) - Number(b))
    : distinct.toSorted(byCodeUnit);
}

/** A list must not reach files elsewhere on the machine. */
function checkInside(folder: Folder, entry: ListEntry): void {
  const inside = normalize(entry.file.replaceAll("\\", "/"));
  if (inside === "." || inside === ".." || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    throw new FileError(
      `${whereIs(entry)}: "${entry.file}" lies outside ${nameOf(folder)}. Paths must stay inside it.`,
    );
}

/** Class names and the index of each label. Given names are for labels that count from 0. */
function numberLabels(lists: Lists, names: readonly string[] | undefined) {
  const indexOf = new Map<string, number>();
  if (names === undefined) {
    const labels = new Set<string>();
    for (const split of splitNames) for (const { label } of lists[split]) labels.add(label);
    const classes = sortLabels(labels);
    return { classes, indexOf: new Map(classes.map((label, index) => [label, index])) };
  }
  for (const split of splitNames)
    for (const entry of lists[split]) {
      if (indexOf.has(entry.label)) continue;
      const index = WHOLE_NUMBER.test(entry.label) ? Number(entry.label) : Number.NaN;
      if (!(index < names.length))
        throw new FileError(
          `${whereIs(entry)}: label "${entry.label}" is not a whole number from 0 to ${names.length - 1}; there are ${names.length} class names.`,
        );
      indexOf.set(entry.label, index);
    }
  return { classes: names, indexOf };
}

export interface ListedFiles {
  readonly lists: Lists;
  /** Class names for labels that count from 0; otherwise the labels are the names. */
  readonly names?: readonly string[] | undefined;
  /** Whether a class may be in other splits alone, as in benchmarks whose training images are drawn from all. */
  readonly mayLackClasses?: boolean;
}

/** Makes a data set of lists whose paths are relative to `root`, or to a folder in it where all of them lie. */
export function datasetFromLists(
  root: Folder,
  { lists, names, mayLackClasses = false }: ListedFiles,
): Pick<Dataset, "classes" | "splits" | "notes"> {
  const { classes, indexOf } = numberLabels(lists, names);
  refuseTwins(nameOf(root), classes);
  const missing: ListEntry[] = [];
  const notes: string[] = [];

  /** Each file once: named twice, it could validate what it trains. With two labels it has none. */
  function examplesOf(split: Split): readonly Example[] {
    const entries = lists[split];
    const { find, folders } = openFinder(root, { kind: split, files: entries.map(({ file }) => file) });
    const elsewhere = folders.filter((folder) => folder !== root).map(({ path }) => path);
    if (elsewhere.length > 0)
      notes.push(`The files of the ${split} list are found in ${elsewhere.join(", ")}.`);
    const first = new Map<string, ListEntry>();
    const examples: Example[] = [];
    let twice = 0;
    for (const entry of entries) {
      checkInside(root, entry);
      const path = find(entry.file);
      const label = indexOf.get(entry.label);
      if (path === undefined || label === undefined) {
        missing.push(entry);
        continue;
      }
      const before = first.get(path);
      if (before === undefined) {
        first.set(path, entry);
        examples.push({ path, label });
      } else if (before.label === entry.label) twice++;
      else
        throw new FileError(
          `${whereIs(entry)}: "${entry.file}" is labelled "${entry.label}" here and "${before.label}" in ${whereIs(before)}. An image can have only one label.`,
        );
    }
    if (twice > 0)
      notes.push(
        `${nameOf(root)}: ${twice} of the ${split} list's lines name a file again and are left out.`,
      );
    return examples;
  }

  const splits = { train: examplesOf("train"), val: examplesOf("val"), test: examplesOf("test") };
  if (missing.length > 0) throw missingFiles(root, { missing, lists });
  for (const { message, effect } of untrained(root, { classes, splits })) {
    if (!mayLackClasses) throw new FileError(`${message}. Every class must be in train.`);
    notes.push(`${message}: ${effect}.`);
  }
  return { classes, splits, notes };
}

function missingFiles(
  root: Folder,
  { missing, lists }: { readonly missing: readonly ListEntry[]; readonly lists: Lists },
): FileError {
  const all = splitNames.reduce((sum, split) => sum + lists[split].length, 0);
  const lines = missing.slice(0, PRINTED).map(({ file }) => `\n  ${file}`);
  if (missing.length > PRINTED) lines.push(`\n  … and ${missing.length - PRINTED} more.`);
  const [first] = missing;
  const alike = first && findAnywhere(root, first.file);
  if (alike) lines.push(`\n${alike} has such a name. Write paths relative to ${nameOf(root)}.`);
  return new FileError(
    `${nameOf(root)}: ${missing.length} of the ${all} files named in the lists ${missing.length === 1 ? "is" : "are"} missing:${lines.join("")}`,
  );
}

/** What is said of classes that are only validated or tested. */
function* untrained(
  root: Folder,
  { classes, splits }: Pick<Dataset, "classes" | "splits">,
): Generator<{ readonly message: string; readonly effect: string }> {
  const trained = new Set(splits.train.map(({ label }) => label));
  if (trained.size === 0) return;
  for (const split of ["val", "test"] as const) {
    const images = splits[split].filter(({ label }) => !trained.has(label));
    const own = new Set(images.map(({ label }) => label));
    if (own.size === 0) continue;
    const lacking = classes.filter((_, label) => own.has(label));
    yield {
      message: `${nameOf(root)}: train has no images of ${quoted(lacking)}, which ${split} has`,
      effect: `${images.length} of its ${splits[split].length} images cannot be called right`,
    };
  }
}
