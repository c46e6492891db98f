/** Where the files of a list lie in a listed tree: beside it, in `images/` or `train/`, with an extension that the list leaves out. */

import { basename, join } from "node:path";
import { imageKind } from "../images/image-extensions.ts";
import { isWrapper } from "./image-folders.ts";
import { type Folder, foldersBelow } from "./list-tree.ts";
import { type ListKind, soundsLikeSplit, splitNamed } from "./split-names.ts";

/** The path of a listed file; undefined where there is none, or several match. */
export type FindFile = (file: string) => string | undefined;

/** So many entries show where the files of a list lie. */
const SAMPLE = 20;

export interface Finder {
  readonly find: FindFile;
  /** Of the first files, how many are found: from 0 to 1. */
  readonly share: number;
  /** Where those are. */
  readonly folders: readonly Folder[];
}

/**
 * Chooses the folders in which the files of a list are searched, by where its first files are: the list's own folder
 * rather than `images/`, that rather than the split's, that rather than any other; training images are never taken from a split that is held out.
 */
export function openFinder(
  root: Folder,
  { kind = "train", files }: { readonly kind?: ListKind; readonly files: Iterable<string> },
): Finder {
  const sample: string[] = [];
  for (const file of files) if (sample.push(file) === SAMPLE) break;
  const ranks = rankFolders(root, kind);
  const hits = ranks.map((folders) => {
    const used = new Set<Folder>();
    let found = 0;
    for (const file of sample) {
      const holding = folders.filter((folder) => findBelow(folder, file) !== undefined);
      for (const folder of holding) used.add(folder);
      if (holding.length === 1) found++;
    }
    return { folders, found, used };
  });
  const [best] = hits.toSorted((a, b) => b.found - a.found); // stable: the lower rank where as many are found
  const { folders, found, used } = best ?? { folders: [root], found: 0, used: new Set<Folder>() };
  const share = found / Math.max(1, sample.length);
  const holding = holdersOf(folders);
  return { find: (file) => findIn(holding(file), file), share, folders: [...used] };
}

/** The folders to look for a file in: those that hold one of exactly that name, where any does; else all of them. */
function holdersOf(among: readonly Folder[]): (file: string) => readonly Folder[] {
  const holders = new Map<string, Folder[]>();
  for (const folder of among)
    for (const name of files(folder)) {
      const known = holders.get(name);
      if (known) known.push(folder);
      else holders.set(name, [folder]);
    }
  return (file) => holders.get(file) ?? among;
}

/** [the root], [wrappers], [folders of the split], [others]: each with the folders in it, where it holds no images itself. */
function rankFolders(root: Folder, kind: ListKind): readonly (readonly Folder[])[] {
  const ranks: Folder[][] = [[root], [], [], []];
  const add = (folder: Folder, least: number) => {
    const rank = rankOf(folder, kind);
    if (rank === undefined) return;
    ranks[Math.max(rank, least)]?.push(folder);
    if (least === 0 && folder.images.length === 0) for (const child of folder.folders) add(child, rank);
  };
  for (const folder of root.folders) add(folder, 0);
  return ranks;
}

function rankOf({ name }: Folder, kind: ListKind): number | undefined {
  const sound = soundsLikeSplit(name);
  if (sound === undefined) return isWrapper(name) ? 1 : 3;
  if (kind === "train" || kind === "trainval") return sound === "train" ? 2 : undefined;
  if (splitNamed(name) === kind) return 2;
  return sound === "train" ? 3 : undefined; // a table may validate on some of the images in train/
}

/** The one place in `folders` where the file is. */
function findIn(folders: readonly Folder[], file: string): string | undefined {
  let only: string | undefined;
  for (const folder of folders) {
    const path = findBelow(folder, file);
    if (path !== undefined && only !== undefined) return undefined;
    only ??= path;
  }
  return only;
}

/** As written; else with the backslashes of Windows as slashes. */
function findBelow(folder: Folder, file: string): string | undefined {
  const found = walk(folder, file.split("/"));
  return found === undefined && file.includes("\\") ? walk(folder, file.split(/[\\/]/)) : found;
}

function walk(from: Folder, parts: readonly string[]): string | undefined {
  const trail: Folder[] = [from];
  const names = parts.filter((part) => part !== "" && part !== ".");
  const name = names.pop();
  for (const part of names) {
    if (part === "..") trail.pop();
    else {
      const folder = trail.at(-1);
      const next = folder && folderIn(folder, part);
      if (next === undefined) return undefined;
      trail.push(next);
    }
  }
  const folder = trail.at(-1);
  const found = folder && name !== undefined ? fileIn(folder, name) : undefined;
  return folder && found !== undefined ? join(folder.path, found) : undefined;
}

const folderIn = (folder: Folder, name: string): Folder | undefined =>
  folders(folder).get(name) ?? folder.aliases.get(name) ?? foldedFolders(folder).get(fold(name));

/** The exact name; without an extension, the only image of that name; else the one that differs in case or in the encoding of accents. */
function fileIn(folder: Folder, name: string): string | undefined {
  if (files(folder).has(name)) return name;
  const whole = imageKind(name) === undefined ? stems(folder).get(name) : undefined;
  return whole ?? foldedFiles(folder).get(fold(name));
}

const fold = (name: string): string => name.normalize("NFC").toLowerCase();

/** An index of a folder, made when first asked for. */
function indexed<T>(make: (folder: Folder) => T): (folder: Folder) => T {
  const made = new WeakMap<Folder, T>();
  return (folder) => {
    const index = made.get(folder) ?? make(folder);
    made.set(folder, index);
    return index;
  };
}

const files = indexed(({ images, others }) => new Set([...images, ...others]));
const folders = indexed(({ folders }) => new Map(folders.map((folder) => [folder.name, folder])));
const foldedFolders = indexed(({ folders }) => unique(folders, ({ name }) => fold(name)));
const foldedFiles = indexed(({ images }) => unique(images, fold));
const stems = indexed(({ images }) => unique(images, (name) => name.slice(0, name.lastIndexOf("."))));

/** What alone has its key. */
function unique<T>(values: readonly T[], keyOf: (value: T) => string): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  const shared = new Set<string>();
  for (const value of values) {
    const key = keyOf(value);
    if (map.has(key)) shared.add(key);
    map.set(key, value);
  }
  for (const key of shared) map.delete(key);
  return map;
}

/** Any file of that name, for a hint. */
export function findAnywhere(root: Folder, file: string): string | undefined {
  const name = basename(file.replaceAll("\\", "/"));
  for (const folder of foldersBelow(root)) {
    const found = fileIn(folder, name);
    if (found !== undefined) return join(folder.path, found);
  }
  return undefined;
}
