/** Class folders, alone or in split folders: the name of a folder is the class, all images below it are its examples. */

import { FileError } from "../errors.ts";
import { readableNames } from "../images/image-extensions.ts";
import { ambiguityOf } from "./ambiguous-folders.ts";
import { refuseTwins } from "./class-names.ts";
import type { Example, Found, Split } from "./dataset.ts";
import { counted, quoted, someOf } from "./describe-dataset.ts";
import {
  holdsImages,
  ignoredBelow,
  imageFolders,
  renderUnreadable,
  unwrap,
  unwrapNote,
} from "./image-folders.ts";
import { byCodeUnit, type Folder, imagesBelow } from "./list-tree.ts";
import { soundsLikeSplit, splitNamed } from "./split-names.ts";

/** What the folders of a data set seem to be. */
export interface SeenFolders {
  /** For messages: `class folders ("a", "b")`. */
  readonly what: string;
  /** Why they cannot be trusted. */
  readonly doubt: FileError | undefined;
  /** Throws where they are damaged. */
  readonly read: () => Found;
}

/** Recognises the folders in `root` as classes or splits, or says why they are neither. */
export function seeFolders(root: Folder): SeenFolders | { readonly why: string } {
  const inner = unwrap(root);
  const folders = imageFolders(inner);
  const whatIs = (kind: string) => `${kind} (${quoted(folders.map(({ name }) => name))})`;
  const notes = unwrapNote(root, inner);
  const noted = (found: Found): Found => ({ ...found, notes: [...notes, ...found.notes] });
  if (areSplits(folders))
    return { what: whatIs("split folders"), doubt: undefined, read: () => noted(readSplitFolders(inner)) };
  const [only] = folders;
  if (only === undefined) return { why: whyNone(inner) };
  const doubt = ambiguityOf(inner.path, folders);
  if (doubt && folders.every((folder) => imageFolders(folder).length === 0)) return { why: doubt.message };
  if (folders.length === 1) return { why: whyAlone(inner, only) };
  return { what: whatIs("class folders"), doubt, read: () => noted(readClassFolders(inner)) };
}

function whyNone({ path, images, folders }: Folder): string {
  if (images.length > 0)
    return `${path}: found ${counted(images.length, "image")} but no class folders. Put the images of each class into a folder of its own.`;
  return folders.length > 0
    ? `${path}: found no images in any class folder.`
    : `${path}: found no class folders, no lists and no CSV file with the columns file and label.`;
}

function whyAlone({ path }: Folder, only: Folder): string {
  const within = imageFolders(only).map(({ name }) => name);
  if (within.length > 1)
    return `${path}: found one class ("${only.name}"); at least two are needed. If the folders in it are the classes (${quoted(within)}), name ${only.path} as the data.`;
  return `${path}: found one class ("${only.name}"); at least two are needed.`;
}

/** Split folders and nothing else, or several of them among others; each holds class folders. */
function areSplits(folders: readonly Folder[]): boolean {
  const splits = folders.filter(({ name }) => splitNamed(name) !== undefined);
  const others = folders.filter((folder) => !splits.includes(folder));
  return (
    splits.length > (others.length > 0 ? 1 : 0) &&
    splits.every((split) => imageFolders(split).length > 0) &&
    others.every(({ name }) => soundsLikeSplit(name) === undefined)
  );
}

/** All of a folder of class folders is `train` until a split is made. */
function readClassFolders(root: Folder): Found {
  const found = readClasses(root);
  const classes = [...found.byClass.keys()];
  refuseTwins(root.path, classes);
  const splits = { train: examplesOf(found, classes), val: [], test: [] };
  return { layout: "classes", classes, splits, notes: found.notes };
}

function readSplitFolders(root: Folder): Found {
  const splits = new Map<Split, ClassImages>();
  const others: string[] = [];
  const empty: string[] = [];
  for (const folder of root.folders) {
    const split = splitNamed(folder.name);
    if (split === undefined) others.push(folder.name);
    else if (!holdsImages(folder)) empty.push(folder.name);
    else if (splits.has(split))
      throw new FileError(
        `${root.path} has two folders for ${split}, one of them "${folder.name}"; keep one.`,
      );
    else splits.set(split, readClasses(folder));
  }
  const { classes, notes } = agree(root, splits);
  const examples = (split: Split): readonly Example[] => {
    const found = splits.get(split);
    return found === undefined ? [] : examplesOf(found, classes);
  };
  return {
    layout: "splits",
    classes,
    splits: { train: examples("train"), val: examples("val"), test: examples("test") },
    notes: [
      ...[...splits.values()].flatMap((found) => found.notes),
      ...notes,
      ...(empty.length > 0 ? [`Ignored split folders without images: ${quoted(empty)}.`] : []),
      ...(others.length > 0 ? [`Ignored folders that are not splits: ${quoted(others)}.`] : []),
    ],
  };
}

/** Every split must have the same classes; a class missing from a held-out split gets a note, one missing from train is an error. */
function agree(root: Folder, splits: ReadonlyMap<Split, ClassImages>) {
  const all = new Set([...splits.values()].flatMap(({ byClass }) => [...byClass.keys()]));
  const classes = [...all].sort(byCodeUnit);
  refuseTwins(root.path, classes);
  const notes: string[] = [];
  for (const [split, { byClass }] of splits) {
    const lacking = classes.filter((name) => !byClass.has(name));
    if (lacking.length === 0) continue;
    if (split === "train")
      throw new FileError(
        `${root.path}: train has no images of ${quoted(lacking)}, which other splits have. Every class must be in train.`,
      );
    notes.push(`${split} has no images of ${quoted(lacking)}.`);
  }
  return { classes, notes };
}

interface ClassImages {
  /** Paths by class name, sorted by it. */
  readonly byClass: ReadonlyMap<string, readonly string[]>;
  readonly notes: readonly string[];
}

/** Examples in the order of the classes. */
const examplesOf = ({ byClass }: ClassImages, classes: readonly string[]): readonly Example[] =>
  classes.flatMap((name, label) => (byClass.get(name) ?? []).map((path) => ({ path, label })));

/** Every folder in `outer` is a class. One without images is an error: the model would never learn it. */
function readClasses(outer: Folder): ClassImages {
  const folder = unwrap(outer);
  const byClass = new Map<string, readonly string[]>();
  const empty: string[] = [];
  const partly: string[] = [];
  for (const child of folder.folders) {
    // macOS may spell é as two code points where other systems use one.
    const name = child.name.normalize("NFC");
    if (byClass.has(name))
      throw new FileError(
        `${folder.path}: two folders are named "${name}", spelt with different code points. Merge them.`,
      );
    const images = [...imagesBelow(child)];
    const unreadable = renderUnreadable(child, { others: images.length === 0 });
    if (images.length === 0) empty.push(`"${name}" (${unreadable || "empty"})`);
    else if (unreadable !== "") partly.push(`${name}: ${unreadable}`);
    byClass.set(name, images);
  }
  if (empty.length > 0)
    throw new FileError(
      `${folder.path}: ${counted(empty.length, "class folder holds", "class folders hold")} no ${readableNames} file: ${someOf(empty, 5)}. Convert the images to PNG, or move folders that are not classes out of ${folder.path}.`,
    );
  const notes = [...unwrapNote(outer, folder)];
  if (partly.length > 0)
    notes.push(`Left out images of ${folder.path} that are not ${readableNames} (${someOf(partly, 4)}).`);
  const { images: stray } = folder;
  if (stray.length > 0)
    notes.push(`Ignored ${stray.length} in ${folder.path} outside any class folder (${someOf(stray, 1)}).`);
  const ignored = [...ignoredBelow(folder)];
  if (ignored.length > 0)
    notes.push(
      `Ignored ${counted(ignored.length, "entry that is not a", "entries that are not")} ${readableNames} ${ignored.length === 1 ? "file" : "files"} (${someOf([...new Set(ignored)], 4)}).`,
    );
  return { byClass: new Map([...byClass].sort(([a], [b]) => byCodeUnit(a, b))), notes };
}
