/** All image files below a folder, in an order that is the same on every machine. */

import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { FileError } from "../errors.ts";
import { readFailure } from "../files/file-problem.ts";
import { readableEndings, readableKinds } from "../images/sniff-image.ts";

/** Three times ImageNet-1k; beyond it the list itself would press on memory. */
export const MAX_EXAMPLES = 4_000_000;

/** What systems and programs leave behind. */
const LITTER = new Set(["thumbs.db", "desktop.ini", "__macosx", "@eadir", "icon\r"]);

/** By UTF-16 code units: independent of language, unlike `localeCompare`. */
export const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export const isImageName = (name: string): boolean => readableEndings.has(extname(name).toLowerCase());
export const isLitter = (name: string): boolean => name.startsWith(".") || LITTER.has(name.toLowerCase());

export interface FolderEntry {
  readonly name: string;
  readonly kind: "folder" | "file" | "other";
}

/** What a link stands for; one that leads nowhere counts as a file, so that it is reported like a missing one. */
async function kindOfLink(path: string): Promise<FolderEntry["kind"]> {
  try {
    const target = await stat(path);
    if (target.isDirectory()) return "folder";
    return target.isFile() ? "file" : "other";
  } catch {
    return "file";
  }
}

/** The entries of a folder, links followed, sorted by name. */
export async function listFolder(folder: string): Promise<readonly FolderEntry[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const kinds = entries.map(async (entry): Promise<FolderEntry> => {
      if (entry.isSymbolicLink())
        return { name: entry.name, kind: await kindOfLink(join(folder, entry.name)) };
      return { name: entry.name, kind: entry.isDirectory() ? "folder" : entry.isFile() ? "file" : "other" };
    });
    return (await Promise.all(kinds)).toSorted((a, b) => byCodeUnit(a.name, b.name));
  } catch (cause) {
    throw readFailure(folder, cause);
  }
}

export interface FoundImages {
  /** Full paths, sorted. */
  readonly images: readonly string[];
  /** Names of everything that was passed over. */
  readonly ignored: readonly string[];
}

/** Finds images at any depth. Each real folder is entered once, so links in a circle do no harm. */
export async function findImages(
  root: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<FoundImages> {
  const images: string[] = [];
  const ignored: string[] = [];
  const entered = new Set<string>();

  async function enter(folder: string): Promise<void> {
    signal?.throwIfAborted();
    const real = await realpath(folder).catch((cause) => {
      throw readFailure(folder, cause);
    });
    if (entered.has(real)) return;
    entered.add(real);
    for (const { name, kind } of await listFolder(folder)) {
      if (isLitter(name)) ignored.push(name);
      else if (kind === "folder") await enter(join(folder, name));
      else if (kind === "file" && isImageName(name)) images.push(join(folder, name));
      else ignored.push(name);
    }
    if (images.length > MAX_EXAMPLES)
      throw new FileError(
        `${root} holds more than ${MAX_EXAMPLES} images, which is the limit. Use a part of them.`,
      );
  }

  await enter(root);
  return { images, ignored };
}

/** One sentence about what was passed over, or none. */
export function ignoredNote(ignored: readonly string[]): readonly string[] {
  if (ignored.length === 0) return [];
  const names = [...new Set(ignored)];
  const shown = names.slice(0, 4).join(", ") + (names.length > 4 ? ", …" : "");
  return [
    `Ignored ${ignored.length} ${ignored.length === 1 ? "entry" : "entries"} that are not ${readableKinds} files (${shown}).`,
  ];
}
