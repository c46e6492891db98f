/** Writes a data set as a table that `readDataset` reads: file, label and, where there are splits, split. */

import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { FileError, InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { csvCell } from "./csv-cell.ts";
import { type Dataset, splitNames } from "./dataset.ts";
import { belowFolder } from "./name-in.ts";
import { readDataset } from "./read-dataset.ts";

export type Labelled = Pick<Dataset, "classes" | "splits">;

/** Writes `path`, reads it back, and removes it again where that gives anything else. */
export async function writeCsv(
  path: string,
  labelled: Labelled,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  await writeFileAtomically(path, renderCsv(path, labelled));
  try {
    const difference = firstDifference(labelled, await readDataset(path, options));
    if (difference !== undefined)
      throw new FileError(
        `${path}: ${showValue(difference)} would not be read back as it is. Rename it: without spaces at its ends, and unlike other names in more than case.`,
      );
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

function renderCsv(path: string, { classes, splits }: Labelled): string {
  const hasSplits = splits.val.length > 0 || splits.test.length > 0;
  const lines = splitNames.flatMap((split) =>
    splits[split].map((example) => {
      const cells = [nameFor(path, example.path), classes[example.label] ?? ""].map(csvCell);
      return `${[...cells, ...(hasSplits ? [split] : [])].join(",")}\n`;
    }),
  );
  return `${hasSplits ? "file,label,split" : "file,label"}\n${lines.join("")}`;
}

/** Paths in a table lead to files beside it or below. */
function nameFor(path: string, image: string): string {
  const name = belowFolder(dirname(path), image);
  if (!name.startsWith("../") && name !== image) return name;
  throw new InputError(
    (show) =>
      `${path}: the images must lie beside it or in folders below it, but ${image} does not. Write it into a folder that holds the data, with ${show("out")}.`,
  );
}

/** The first file or label that is not the same; an order of its own is no difference. */
function firstDifference(wanted: Labelled, read: Labelled): string | undefined {
  for (const split of splitNames) {
    const found = new Map(read.splits[split].map(({ path, label }) => [path, read.classes[label]]));
    for (const { path, label } of wanted.splits[split])
      if (found.get(path) !== wanted.classes[label]) return found.has(path) ? wanted.classes[label] : path;
  }
  return undefined;
}
