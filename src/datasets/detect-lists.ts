/** Detects the lists in a folder, and makes one data set of them. */

import { join } from "node:path";
import { z } from "zod";
import { FileError, InputError } from "../errors.ts";
import { parseJson } from "../files/read-json.ts";
import type { Dataset, Found } from "./dataset.ts";
import { datasetFromLists, type Lists } from "./dataset-from-lists.ts";
import { openFinder } from "./find-listed.ts";
import { onlyWrapped } from "./image-folders.ts";
import { type ListEntry, parseJsonList, parseTextList } from "./list-files.ts";
import type { Folder } from "./list-tree.ts";
import { ForeignTable, openCsv } from "./read-csv.ts";
import { type ListKind, listKind } from "./split-names.ts";

/** The text of a file, by its path. */
export type ReadText = (path: string) => Promise<string>;

/** A file that has the form of a list. */
export interface OpenedList {
  readonly name: string;
  readonly layout: "vtab" | "fgvc" | "csv";
  /** Which split it is for, by its name. */
  readonly kind: ListKind | undefined;
  readonly entries: () => Generator<ListEntry>;
  /** Whether each entry says which split it is of. */
  readonly hasSplits: boolean;
  /** Whether what its labels are is not sure. */
  readonly guessed: boolean;
  /** Why it cannot be read, though it names files. */
  readonly problem: FileError | undefined;
  readonly notes: readonly string[];
}

export interface SeenList extends OpenedList {
  /** Whether most of its first files are there; a list of files that are not may be about something else. */
  readonly found: boolean;
}

/** A file with the name of a list that is not one, or a table that cannot be read. */
export interface NoList {
  readonly name: string;
  readonly why: "damaged" | "foreign" | "unlabelled";
  readonly error: FileError;
}

/** The layout that a file's name belongs to, if any. */
function layoutOf(name: string): OpenedList["layout"] | undefined {
  if (/\.(csv|tsv)$/i.test(name)) return "csv";
  if (listKind(name) === undefined) return undefined;
  if (/\.txt$/i.test(name)) return "vtab";
  return /\.json$/i.test(name) ? "fgvc" : undefined;
}

/** The folder whose lists count: `root`, or one that only wraps it and its images, as `data/` does. */
export function folderOfLists(root: Folder): Folder {
  const hasLists = ({ others }: Folder) => others.some((name) => layoutOf(name) !== undefined);
  const inner = onlyWrapped(root);
  return inner && !hasLists(root) && hasLists(inner) ? inner : root;
}

/** Reads the possible lists in `root`, as far as needed to recognise them. */
export async function detectLists(
  root: Folder,
  read: ReadText,
): Promise<{ readonly lists: readonly SeenList[]; readonly others: readonly NoList[] }> {
  const lists: SeenList[] = [];
  const others: NoList[] = [];
  for (const name of root.others) {
    const layout = layoutOf(name);
    if (layout === undefined) continue;
    try {
      const path = join(root.path, name);
      const list = openList(await read(path), { path, name, layout });
      const found = isFound(root, list);
      if (list.problem === undefined) lists.push({ ...list, found });
      else others.push({ name, why: found ? "unlabelled" : "foreign", error: list.problem });
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      others.push({ name, why: error instanceof ForeignTable ? "foreign" : "damaged", error });
    }
  }
  return { lists, others };
}

interface ListName {
  readonly path: string;
  readonly name: string;
  readonly layout: OpenedList["layout"];
}

/** Opens a list as far as to its first entry. */
export function openList(text: string, { path, name, layout }: ListName): OpenedList {
  const kind = listKind(name);
  const parts = { name, layout, kind, hasSplits: false, guessed: false, problem: undefined, notes: [] };
  if (layout === "vtab") return { ...parts, entries: () => parseTextList(text, path) };
  if (layout === "fgvc") return { ...parts, entries: () => parseJsonList(text, path) };
  // Kaggle's sample submission has placeholder labels.
  if (/submission/i.test(name))
    throw new ForeignTable(`${path} is an example of a submission by its name, so its labels mean nothing.`);
  return { ...parts, ...openCsv(text, path) };
}

/** Whether most of the first files are there; throws where the first entry is no entry. */
function isFound(root: Folder, { kind, entries, name }: OpenedList): boolean {
  if (entries().next().done) throw new FileError(`${join(root.path, name)} names no images.`);
  try {
    return openFinder(root, { ...(kind && { kind }), files: filesOf(entries()) }).share > 0.5;
  } catch (error) {
    if (error instanceof FileError) return true; // damaged further down, which is said when it is read
    throw error;
  }
}

function* filesOf(entries: Iterable<ListEntry>): Generator<string> {
  for (const { file } of entries) yield file;
}

/** Makes one data set of lists of one layout. */
export async function readLists(
  root: Folder,
  { lists, read }: { readonly lists: readonly OpenedList[]; readonly read: ReadText },
): Promise<Found> {
  const [first] = lists;
  if (first === undefined) throw new Error("internal: there is no list to read");
  const { layout, kind, hasSplits } = first;
  const alone = layout === "csv" && lists.length === 1 && (hasSplits || kind === undefined);
  const { lists: parts, notes } = alone ? bySplit(first) : byKind(root, lists);
  const named = layout === "vtab" ? await readNames(root, read) : { notes: [] };
  const mayLackClasses = layout === "vtab";
  const found = datasetFromLists(root, { lists: parts, names: named.names, mayLackClasses });
  const own = lists.flatMap((list) => list.notes);
  return { layout, ...found, notes: [...own, ...notes, ...named.notes, ...found.notes] };
}

type Parts = { readonly lists: Lists; readonly notes: readonly string[] };

/** A table has its splits in a column, or is all `train`. */
function bySplit({ entries }: OpenedList): Parts {
  const lists = { train: [], val: [], test: [] } as Record<keyof Lists, ListEntry[]>;
  for (const entry of entries()) lists[entry.split ?? "train"].push(entry);
  return { lists, notes: [] };
}

/** Each list is of the split that its name says. Two of a kind would have to be guessed between. */
function byKind(root: Folder, lists: readonly OpenedList[]): Parts {
  const kinds = new Map<ListKind, OpenedList>();
  for (const list of lists) {
    const { name, kind } = list;
    const other = kind && kinds.get(kind);
    if (other)
      throw new FileError(`${root.path}: ${other.name} and ${name} are both lists for ${kind}; keep one.`);
    if (kind === undefined || list.hasSplits)
      throw new InputError(
        `${root.path}: ${lists.map((one) => one.name).join(", ")} all have columns of files and labels. Name one of them as the data.`,
      );
    kinds.set(kind, list);
  }
  const entries = (kind: ListKind) => {
    const list = kinds.get(kind);
    return list ? [...list.entries()] : undefined;
  };
  return chooseSplits(
    { train: entries("train"), val: entries("val"), test: entries("test") ?? [] },
    entries("trainval"),
  );
}

/** A missing train or val is what the union of both has beyond the other. */
function chooseSplits(
  { train, val, test }: { readonly [split in keyof Lists]: Lists[split] | undefined },
  union: readonly ListEntry[] | undefined,
): Parts {
  const given = { train: train ?? [], val: val ?? [], test: test ?? [] };
  if (union === undefined) return { lists: given, notes: [] };
  if (train !== undefined && val !== undefined)
    return {
      lists: given,
      notes: ["The list of training and validation images together is not read, as each has its own."],
    };
  const known = new Set((train ?? val ?? []).map(({ file }) => file));
  const rest = union.filter(({ file }) => !known.has(file));
  return { lists: train ? { ...given, val: rest } : { ...given, train: rest }, notes: [] };
}

const meta = z.object({ classes: z.array(z.string().min(1)).min(1) });

/** Class names from `meta.json`, where there is one; label numbers work without them. */
async function readNames(
  root: Folder,
  read: ReadText,
): Promise<{ names?: Dataset["classes"]; notes: readonly string[] }> {
  if (!root.others.includes("meta.json")) return { notes: [] };
  const path = join(root.path, "meta.json");
  try {
    const { classes } = meta.parse(parseJson(await read(path), path));
    if (new Set(classes).size === classes.length) return { names: classes, notes: [] };
  } catch {
    // Reported below.
  }
  return {
    notes: [
      `${path} has no list of distinct class names under "classes", so the label numbers are the names.`,
    ],
  };
}
