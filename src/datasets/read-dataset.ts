/** Reads any of five layouts as one `Dataset`: the folder is listed once, each layout checks for itself, and ambiguity is an error. */

import { basename, dirname, posix } from "node:path";
import { FileError, InputError } from "../errors.ts";
import { statOf } from "../files/exists.ts";
import type { Dataset, Found, Split } from "./dataset.ts";
import { someOf } from "./describe-dataset.ts";
import {
  detectLists,
  folderOfLists,
  type NoList,
  openList,
  readLists,
  type SeenList,
} from "./detect-lists.ts";
import { unwrapNote } from "./image-folders.ts";
import type { ListEntry } from "./list-files.ts";
import { countImages, type Folder, listTree } from "./list-tree.ts";
import { openCsv } from "./read-csv.ts";
import { type SeenFolders, seeFolders } from "./read-folders.ts";
import { readListFile } from "./read-list-file.ts";

type Options = { readonly signal?: AbortSignal };

/** Reads the data set at `root`, a folder or a CSV file. Images are found, not opened. */
export async function readDataset(root: string, options: Options = {}): Promise<Dataset> {
  options.signal?.throwIfAborted();
  const entry = await statOf(root);
  if (entry === undefined) throw new InputError(`${root}: there is no such folder or CSV file.`);
  const found = entry.isDirectory() ? await readFolder(root, options) : await readTable(root, options);
  const { classes, splits, notes } = found;
  if (classes.length === 0) throw new FileError(`${root}: found no images in any class folder.`);
  if (classes.length === 1)
    throw new FileError(`${root}: found one class ("${classes[0]}"); at least two are needed.`);
  return { root, ...found, notes: [...notes, ...unusedNotes(found), ...overlapNotes(splits)] };
}

async function readFolder(root: string, { signal }: Options): Promise<Found> {
  const tree = await listTree(root, { signal });
  const folder = folderOfLists(tree.folder);
  const { lists, others } = await detectLists(folder, readListFile);
  const seen = seeFolders(folder);
  const folders = "read" in seen ? seen : undefined;
  const sure = lists.filter(({ found }) => found);
  const chosen = sure.length > 0 || folders ? sure : lists;
  const unfound = lists.filter((list) => !chosen.includes(list)).map(({ name }) => name);
  const notes = [
    ...tree.notes.map(({ message }) => message),
    ...unwrapNote(tree.folder, folder),
    ...unreadNotes(folder, { others, unfound }),
  ];
  if (chosen.length === 0) {
    const unlabelled = others.find(({ why }) => why === "unlabelled");
    if (unlabelled) throw unlabelled.error;
    if (folders?.doubt) throw folders.doubt;
    if (!("read" in seen)) throw whyNothing(seen.why, others);
    const found = seen.read();
    return { ...found, notes: [...notes, ...found.notes] };
  }
  refuseTwoLayouts(root, chosen);
  const found = await readLists(folder, { lists: chosen, read: readListFile });
  const beside = besideLists(folder, { found, lists: chosen, folders });
  return { ...found, notes: [...notes, ...found.notes, ...beside] };
}

/** Notes on files that look like lists but are not. */
function unreadNotes(
  { path }: Folder,
  { others, unfound }: { readonly others: readonly NoList[]; readonly unfound: readonly string[] },
): readonly string[] {
  const strange = [...others.flatMap(({ name, why }) => (why === "foreign" ? [name] : [])), ...unfound];
  return [
    ...others.flatMap(({ why, error }) => (why === "foreign" ? [] : [`Not read: ${error.message}`])),
    ...(strange.length > 0 ? [`Not read, as they list no images of ${path}: ${someOf(strange)}.`] : []),
  ];
}

/** A damaged list is an error; an unreadable table may be about something else. */
function whyNothing(why: string, others: readonly NoList[]): Error {
  const damaged = others.find((other) => other.why === "damaged");
  return damaged?.error ?? new InputError([why, ...others.map(({ error }) => error.message)].join(" "));
}

function refuseTwoLayouts(root: string, lists: readonly SeenList[]): void {
  const [one, ...others] = lists;
  const another = others.find(({ layout }) => layout !== one?.layout);
  if (one && another)
    throw new InputError(
      `${root}: ${one.name} and ${another.name} both list its images. Keep one of them there.`,
    );
}

interface Beside {
  readonly found: Found;
  readonly lists: readonly SeenList[];
  readonly folders: SeenFolders | undefined;
}

/** What lists leave out; where folders say what the rest is, and the lists are no plain list of what to train on, that is doubtful. */
function besideLists(folder: Folder, { found, lists, folders }: Beside): readonly string[] {
  const root = folder.path;
  const { train, val, test } = found.splits;
  const listed = new Set([train, val, test].flatMap((split) => split.map(({ path }) => path))).size;
  const images = countImages(folder);
  const many = lists.length > 1;
  const names = lists.map(({ name }) => name).join(", ");
  const meant = lists.some(({ layout, kind }) => layout !== "csv" && kind?.startsWith("train"));
  const guessed = lists.some((list) => list.guessed);
  if (folders && (guessed || (listed < images && !meant))) {
    const naming = `${many ? "name" : "names"} ${listed} of its ${images} images`;
    const remedy =
      found.layout === "csv"
        ? `name ${many ? "one of them" : "it"} as the data`
        : "move the images that it does not name out of it";
    throw new InputError(
      folders.doubt
        ? `${folders.doubt.message} ${names} ${naming}; to read ${names}, ${remedy}.`
        : `${root} can be read in two ways: as ${folders.what}, or by ${names}, which ${naming}. To read the folders, move ${names} out of it; to read ${names}, ${remedy}.`,
    );
  }
  return [
    ...(folders
      ? [`The classes are those of ${names}; the ${folders.what} are not read as classes or splits.`]
      : []),
    ...(listed < images
      ? [`${images - listed} of the ${images} images in ${root} are in no list, and are left out.`]
      : []),
  ];
}

/** A table named itself: of its folder, what it names is listed, and what may hold its files. */
async function readTable(path: string, { signal }: Options): Promise<Found> {
  if (!/\.(csv|tsv)$/i.test(path))
    throw new InputError(
      `${path} is a file; data is a folder, or a CSV file with the columns file and label.`,
    );
  const text = await readListFile(path);
  const table = openCsv(text, path);
  if (table.problem) throw table.problem;
  if (table.entries().next().done) throw new FileError(`${path} names no images.`);
  const named = foldersNamed(table.entries());
  const isNamed = (below: string) => {
    const parts = below.split("/");
    return [0, 1, 2].some((from) => named.has(parts.slice(from).join("/")));
  };
  const enter = (below: string) => below.split("/").length <= 2 || isNamed(below);
  const { folder, notes } = await listTree(dirname(path), { signal, enter });
  const list = { ...openList(text, { path, name: basename(path), layout: "csv" }), kind: undefined };
  const found = await readLists(folder, { lists: [list], read: readListFile });
  // Other links beside the table are nothing that whoever named it asked about.
  const used = notes.flatMap(({ below, message }) => (isNamed(below) ? [message] : []));
  return { ...found, notes: [...used, ...found.notes] };
}

/** The folders that entries name, and those above. */
function foldersNamed(entries: Iterable<ListEntry>): ReadonlySet<string> {
  const asWritten = new Set<string>();
  for (const { file } of entries)
    asWritten.add(file.slice(0, Math.max(0, file.lastIndexOf("/"), file.lastIndexOf("\\"))));
  const named = new Set<string>();
  for (const folder of asWritten) {
    const parts = posix.normalize(folder.replaceAll("\\", "/")).split("/");
    for (let end = parts.length; end > 0; end--) named.add(parts.slice(0, end).join("/"));
  }
  return named;
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

/** Names for classes that no image has, as `meta.json` may give them. */
function unusedNotes({ classes, splits }: Found): readonly string[] {
  const used = new Set(Object.values(splits).flatMap((split) => split.map(({ label }) => label)));
  const unused = classes.filter((_, label) => !used.has(label));
  return unused.length === 0
    ? []
    : [`${unused.length} of ${classes.length} classes have no images (${someOf(unused, 4)}).`];
}
