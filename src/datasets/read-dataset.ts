/** Any of five layouts becomes one `Dataset`; which one it is, is seen from what lies in the folder. */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { FileError, InputError } from "../errors.ts";
import { listKind } from "./choose-lists.ts";
import type { Dataset, Example, Split } from "./dataset.ts";
import { isImageName, isLitter, listFolder } from "./find-images.ts";
import { parseCsv } from "./parse-csv.ts";
import { type Found, readClassFolders } from "./read-class-folders.ts";
import { findColumns, readCsvList } from "./read-csv-list.ts";
import { readFgvcLists } from "./read-fgvc-lists.ts";
import { readListFile } from "./read-list-file.ts";
import { readSplitFolders, splitNamed } from "./read-split-folders.ts";
import { readVtabLists } from "./read-vtab-lists.ts";

type Options = { readonly signal?: AbortSignal };
type Layout = Dataset["layout"];

const hasEnding = (names: readonly string[], ending: string) =>
  names.filter((name) => name.toLowerCase().endsWith(ending));

/** Names of the CSV files in `root` that have the columns; others, such as a table of results, are none of ours. */
async function usableCsv(root: string, files: readonly string[]): Promise<readonly string[]> {
  const usable: string[] = [];
  for (const name of hasEnding(files, ".csv")) if (await hasColumns(join(root, name))) usable.push(name);
  return usable;
}

async function hasColumns(path: string): Promise<boolean> {
  try {
    const [header = ""] = (await readListFile(path)).split(/\r?\n|\r/, 1);
    return findColumns(parseCsv(header, path)[0]) !== undefined;
  } catch (error) {
    if (error instanceof FileError) return false;
    throw error;
  }
}

/** Split folders and nothing else, or several of them among others; not so where they hold images themselves. */
async function isSplitLayout(root: string, folders: readonly string[]): Promise<boolean> {
  const splits = folders.filter((name) => splitNamed(name) !== undefined);
  if (splits.length === 0) return false;
  const contents = await Promise.all(splits.map((name) => listFolder(join(root, name))));
  const holdImages = contents.some((entries) =>
    entries.some(({ name, kind }) => kind === "file" && isImageName(name)),
  );
  return !holdImages && (splits.length === folders.length || splits.length > 1);
}

async function readFolder(root: string, options: Options): Promise<{ layout: Layout; found: Found }> {
  const entries = (await listFolder(root)).filter(({ name }) => !isLitter(name));
  const files = entries.filter(({ kind }) => kind === "file").map(({ name }) => name);
  const folders = entries.filter(({ kind }) => kind === "folder").map(({ name }) => name);
  const lists = files.filter((name) => listKind(name) !== undefined);

  const texts = hasEnding(lists, ".txt");
  if (texts.length > 0) return { layout: "vtab", found: await readVtabLists(root, { files, ...options }) };
  const json = hasEnding(lists, ".json");
  if (json.length > 0)
    return { layout: "fgvc", found: await readFgvcLists(root, { files: json, ...options }) };
  const csv = await usableCsv(root, files);
  if (csv.length > 1)
    throw new InputError(
      `${root}: ${csv.join(", ")} all have the columns file and label. Name one of them as the data.`,
    );
  if (csv[0] !== undefined) return { layout: "csv", found: await readCsvList(join(root, csv[0]), options) };
  if (await isSplitLayout(root, folders))
    return { layout: "splits", found: await readSplitFolders(root, { folders, ...options }) };
  if (folders.length > 0) return { layout: "classes", found: await readClassFolders(root, options) };
  const images = files.filter(isImageName).length;
  throw new InputError(
    images > 0
      ? `${root}: found ${images} images but no class folders. Put the images of each class into a folder of its own.`
      : `${root}: found no class folders, no lists and no CSV file with the columns file and label.`,
  );
}

async function readAny(root: string, options: Options): Promise<{ layout: Layout; found: Found }> {
  const found = await stat(root).catch(() => undefined);
  if (found === undefined) throw new InputError(`${root}: there is no such folder or CSV file.`);
  if (found.isDirectory()) return readFolder(root, options);
  if (!root.toLowerCase().endsWith(".csv"))
    throw new InputError(
      `${root} is a file; data is a folder, or a CSV file with the columns file and label.`,
    );
  return { layout: "csv", found: await readCsvList(root, options) };
}

/** The same file in two splits makes results look better than they are. */
function overlapNotes(splits: Dataset["splits"]): readonly string[] {
  const pairs: readonly (readonly [Split, Split])[] = [
    ["train", "test"],
    ["val", "test"],
    ["train", "val"],
  ];
  return pairs.flatMap(([a, b]) => {
    const paths = new Set(splits[a].map(({ path }) => path));
    const shared = splits[b].filter(({ path }) => paths.has(path)).length;
    return shared === 0
      ? []
      : [
          `${shared} ${shared === 1 ? "image is" : "images are"} in both ${a} and ${b}; results on ${b} will look better than they are.`,
        ];
  });
}

function untrainedNotes(classes: readonly string[], train: readonly Example[]): readonly string[] {
  const trained = new Set(train.map(({ label }) => label));
  const lacking = classes.filter((_, label) => !trained.has(label));
  if (train.length === 0 || lacking.length === 0) return [];
  return [
    `${lacking.length} of ${classes.length} classes have no training images (${lacking.slice(0, 4).join(", ")}${lacking.length > 4 ? ", …" : ""}).`,
  ];
}

/** Reads the data set at `root`, a folder or a CSV file. Images are found, not opened. */
export async function readDataset(root: string, options: Options = {}): Promise<Dataset> {
  options.signal?.throwIfAborted();
  const { layout, found } = await readAny(root, options);
  const { classes, splits, notes } = found;
  if (classes.length === 0) throw new FileError(`${root}: found no images in any class folder.`);
  if (classes.length === 1)
    throw new FileError(`${root}: found one class ("${classes[0]}"); at least two are needed.`);
  return {
    root,
    layout,
    classes,
    splits,
    notes: [...notes, ...untrainedNotes(classes, splits.train), ...overlapNotes(splits)],
  };
}
