/** Everything below a folder, listed once: names only, within limits, in an order that is the same on every machine. */

import type { Dir, Dirent } from "node:fs";
import { opendir, realpath, stat } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { setImmediate } from "node:timers/promises";
import { FileError } from "../errors.ts";
import { readFailure } from "../files/file-problem.ts";
import { isImageName } from "../images/image-extensions.ts";
import { limits } from "../limits.ts";

const MAX_ENTRIES = limits.MAX_TREE_ENTRIES.value;
const MAX_DEPTH = limits.MAX_TREE_DEPTH.value;

/** What systems and programs leave behind. */
const LITTER = new Set([
  ...["thumbs.db", "desktop.ini", "icon\r", "__macosx", "@eadir", "__pycache__"],
  ...["$recycle.bin", "system volume information", "lost+found"],
]);

/** A folder and what lies in it, each list sorted. */
export interface Folder {
  readonly name: string;
  readonly path: string;
  /** Names of files with the extension of a readable image. */
  readonly images: readonly string[];
  /** Names of other files, and of entries that are neither file nor folder. */
  readonly others: readonly string[];
  /** Names of what is never data: hidden files, and what systems leave behind. */
  readonly litter: readonly string[];
  readonly folders: readonly Folder[];
  /** Links to folders that are in the tree elsewhere: a list may name files through them, but they hold nothing. */
  readonly aliases: ReadonlyMap<string, Folder>;
}

/** Why a link, or a folder by another path, was not followed. */
export interface TreeNote {
  /** The path of the link below the root, with `/`. */
  readonly below: string;
  readonly message: string;
}

export interface Tree {
  readonly folder: Folder;
  readonly notes: readonly TreeNote[];
}

/** A folder in messages: `.` and `..` tell nobody which one it is. */
export const nameOf = ({ path }: Folder): string => (/^\.\.?([/\\]\.\.)*$/.test(path) ? resolve(path) : path);

export interface ListOptions {
  readonly signal?: AbortSignal | undefined;
  /** Whether to list a folder, by its path below the root with `/`; all are listed where left out. */
  readonly enter?: (path: string) => boolean;
  readonly maxEntries?: number;
}

/** By UTF-16 code units: independent of language, unlike `localeCompare`. */
export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const isLitter = (name: string): boolean => name.startsWith(".") || LITTER.has(name.toLowerCase());

interface OpenFolder extends Folder {
  readonly images: string[];
  readonly others: string[];
  readonly litter: string[];
  readonly folders: OpenFolder[];
  readonly aliases: Map<string, OpenFolder>;
  readonly depth: number;
  /** Below the root, with `/`. */
  readonly below: string;
}

interface Link {
  readonly parent: OpenFolder;
  readonly name: string;
}

/** Lists what lies below `root`. Each image is in one folder: a link to a folder that is already listed is not followed. */
export async function listTree(root: string, options: ListOptions = {}): Promise<Tree> {
  const { signal, enter = () => true, maxEntries = MAX_ENTRIES } = options;
  const listed = new Map<string, OpenFolder>(); // by real path
  const links: Link[] = [];
  const notes: TreeNote[] = [];
  let entries = 0;

  /** Adds what lies at `real` as a folder of `parent`, unless that is in the tree already. */
  async function add(name: string, { parent, real }: { parent: OpenFolder; real: string }): Promise<void> {
    const folder = openFolder(name, parent);
    if (!enter(folder.below)) return;
    const before = listed.get(real);
    if (before !== undefined) {
      const message = `${folder.path} is ${before.path} by another path, and is read once, as that.`;
      notes.push({ below: folder.below, message });
      return;
    }
    parent.folders.push(folder);
    await list(folder, real);
  }

  async function list(folder: OpenFolder, real: string): Promise<void> {
    signal?.throwIfAborted();
    if (folder.depth > MAX_DEPTH)
      throw new FileError(
        `${folder.path} lies ${folder.depth} folders deep; at most ${MAX_DEPTH} are read. Name the folder of the data itself.`,
      );
    listed.set(real, folder);
    const below: string[] = [];
    const linked: string[] = [];
    for await (const portion of entriesOf(folder.path)) {
      signal?.throwIfAborted();
      entries += portion.length;
      if (entries > maxEntries)
        throw new FileError(
          `${root} holds more than ${maxEntries} files and folders, which is the limit. Use a part of them.`,
        );
      for (const entry of portion) {
        const { name } = entry;
        if (isLitter(name)) folder.litter.push(name);
        else if (entry.isDirectory()) below.push(name);
        else if (entry.isSymbolicLink() && (await leadsToFolder(join(folder.path, name)))) linked.push(name);
        else sortFile(folder, entry);
      }
    }
    for (const list of [folder.images, folder.others, folder.litter]) list.sort(byCodeUnit);
    for (const name of linked.sort(byCodeUnit)) links.push({ parent: folder, name });
    for (const name of below.sort(byCodeUnit)) await add(name, { parent: folder, real: join(real, name) });
  }

  const realRoot = await realOf(root);
  const top = openFolder("", undefined, root);
  await list(top, realRoot);
  // Only now, so that what lies in the tree itself comes before what links lead to; the array grows while it is read.
  for (const { parent, name } of links) {
    const path = join(parent.path, name);
    const real = await realOf(path);
    const known = listed.get(real);
    if (known !== undefined && known !== top) parent.aliases.set(name, known);
    const why = known ? `${known.path}, which is read already` : holds(real, realRoot) && "a folder above";
    if (why)
      notes.push({
        below: belowOf(name, parent),
        message: `${path} is a link to ${why}, and is not followed.`,
      });
    else await add(name, { parent, real });
    parent.folders.sort((a, b) => byCodeUnit(a.name, b.name));
  }
  return { folder: top, notes };
}

/** Entries read at a time: few enough to wait for, and many, as each by itself would take a turn of the event loop. */
const AT_ONCE = 4096;

/** In portions: a folder of many millions must reach the limit before it fills the memory. */
async function* entriesOf(path: string): AsyncGenerator<readonly Dirent[]> {
  const fail = (cause: unknown) => {
    throw readFailure(path, cause);
  };
  const folder = await opendir(path, { bufferSize: AT_ONCE }).catch(fail);
  try {
    for (let portion = readPortion(folder); portion.length > 0; portion = readPortion(folder)) {
      yield portion;
      await setImmediate();
    }
  } catch (cause) {
    fail(cause);
  } finally {
    await folder.close();
  }
}

function readPortion(folder: Dir): readonly Dirent[] {
  const portion: Dirent[] = [];
  while (portion.length < AT_ONCE) {
    const entry = folder.readSync();
    if (entry === null) break;
    portion.push(entry);
  }
  return portion;
}

const realOf = (path: string): Promise<string> =>
  realpath(path).catch((cause: unknown) => {
    throw readFailure(path, cause);
  });

const holds = (folder: string, path: string): boolean =>
  path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

/** A link that leads nowhere counts as a file, so that it is reported like a damaged one. */
const leadsToFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (target) => target.isDirectory(),
    () => false,
  );

function sortFile({ images, others }: OpenFolder, entry: Dirent): void {
  const isFile = entry.isFile() || entry.isSymbolicLink();
  (isFile && isImageName(entry.name) ? images : others).push(entry.name);
}

const belowOf = (name: string, parent: OpenFolder | undefined): string =>
  parent?.below ? `${parent.below}/${name}` : name;

function openFolder(name: string, parent: OpenFolder | undefined, root = ""): OpenFolder {
  return {
    name,
    path: parent ? join(parent.path, name) : root,
    ...{ images: [], others: [], litter: [], folders: [], aliases: new Map() },
    depth: parent ? parent.depth + 1 : 0,
    below: belowOf(name, parent),
  };
}

/** The paths of all images in a folder and below it, ordered by name. */
export function* imagesBelow(folder: Folder): Generator<string> {
  const folders = new Map(folder.folders.map((child) => [child.name, child]));
  const names = folders.size > 0 ? [...folder.images, ...folders.keys()].sort(byCodeUnit) : folder.images;
  for (const name of names) {
    const child = folders.get(name);
    if (child) yield* imagesBelow(child);
    else yield join(folder.path, name);
  }
}

/** A folder and all below it. */
export function* foldersBelow(folder: Folder): Generator<Folder> {
  yield folder;
  for (const child of folder.folders) yield* foldersBelow(child);
}

export const countImages = (folder: Folder): number => {
  let count = 0;
  for (const { images } of foldersBelow(folder)) count += images.length;
  return count;
};
