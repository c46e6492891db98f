/** Corrects the labels of a data set: a new table of it with the corrections applied. The images are never touched. */

import { dirname, resolve } from "node:path";
import { InputError } from "../errors.ts";
import { statOf } from "../files/exists.ts";
import { limits } from "../limits.ts";
import { applyCorrections, type LabelChange } from "./apply-corrections.ts";
import { type Split, splitNames } from "./dataset.ts";
import { parseCorrections } from "./read-corrections.ts";
import { readDataset } from "./read-dataset.ts";
import { readListFile } from "./read-list-file.ts";
import { writeCsv } from "./write-csv.ts";

export interface RelabelOptions {
  /** The labelled images that were evaluated: a folder, a list or a CSV file. */
  readonly data: string;
  /** The new table, a .csv file in a folder that holds the images. */
  readonly out: string;
  readonly signal?: AbortSignal | undefined;
}

export interface Relabelled {
  readonly out: string;
  readonly changes: readonly LabelChange[];
  /** Images that were looked at and keep their label. */
  readonly confirmed: number;
  readonly newClasses: readonly string[];
  /** What the table lists. */
  readonly images: Readonly<Record<Split, number>>;
  readonly classes: readonly string[];
  readonly notes: readonly string[];
}

/** Applies the corrections in the file `corrections`, and writes the whole data set as a table that training reads. */
export async function relabel(
  corrections: string,
  { data, out, signal }: RelabelOptions,
): Promise<Relabelled> {
  const options = signal ? { signal } : {};
  await checkOut(out, data);
  const maxBytes = limits.MAX_CORRECTION_BYTES.value;
  const read = parseCorrections(await readListFile(corrections, { maxBytes }), corrections);
  const dataset = await readDataset(data, options);
  const corrected = await applyCorrections(dataset, read, { path: corrections, ...options });
  await writeCsv(out, corrected, options);
  const { splits, changes, confirmed, newClasses } = corrected;
  const images = Object.fromEntries(splitNames.map((split) => [split, splits[split].length])) as Record<
    Split,
    number
  >;
  const used = new Set(splitNames.flatMap((split) => splits[split].map(({ label }) => label)));
  const classes = corrected.classes.filter((_, label) => used.has(label));
  return { out, changes, confirmed, newClasses, images, classes, notes: dataset.notes };
}

/** A new .csv file, and none inside the data, where it would be a second way to read it. */
async function checkOut(out: string, data: string): Promise<void> {
  if (!/\.csv$/i.test(out))
    throw new InputError((show) => `${show("out")} writes a table; its name must end in .csv, got ${out}.`);
  if (await statOf(out))
    throw new InputError((show) => `${out} exists already. Name a new file with ${show("out")}.`);
  if (!(await statOf(dirname(out)))?.isDirectory())
    throw new InputError(`${out}: there is no folder ${dirname(out)}. Make it, or write elsewhere.`);
  if ((await statOf(data))?.isDirectory() && resolve(dirname(out)) === resolve(data))
    throw new InputError(
      (show) =>
        `${out} lies inside the data ${data}, which could then be read in two ways. Write it beside that folder, with ${show("out")}.`,
    );
}
