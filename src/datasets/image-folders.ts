/** What a listed folder holds: images, images in formats that cannot be read, or a single folder that only wraps another. */

import { basename, resolve } from "node:path";
import { imageKind, isImageName } from "../images/image-extensions.ts";
import { type Folder, foldersBelow } from "./list-tree.ts";

/** Whether there is any image below, readable or not. */
export const holdsImages = (folder: Folder): boolean =>
  folder.images.length > 0 ||
  folder.others.some((name) => imageKind(name) !== undefined) ||
  folder.folders.some(holdsImages);

/** The folders in `folder` that hold images. */
export const imageFolders = (folder: Folder): readonly Folder[] => folder.folders.filter(holdsImages);

/** `3 TIFF`, `2 HEIC, 1 other`: the files below that cannot be read as images; empty where there are none. */
export function renderUnreadable(folder: Folder, { others = false } = {}): string {
  const counts = new Map<string, number>();
  for (const below of foldersBelow(folder))
    for (const name of below.others) {
      const kind = imageKind(name) ?? "other";
      if (kind !== "other" || others) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    }
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ");
}

/** The names of all files below without the extension of an unreadable image. */
export function* ignoredBelow(folder: Folder): Generator<string> {
  for (const { litter, others } of foldersBelow(folder)) {
    yield* litter;
    for (const name of others) if (imageKind(name) === undefined || isImageName(name)) yield name;
  }
}

/** Common names of a folder that holds the whole data set rather than a class. */
const WRAPPERS = /^(data|datasets?|images?|imgs?|pics|pictures?|photos?|jpe?gs?)$/i;

export const isWrapper = (name: string): boolean => WRAPPERS.test(name);

/** The one folder with images in `folder`, where its name says that it only wraps: `data/`, or `flowers/flowers/`. */
export function onlyWrapped(folder: Folder): Folder | undefined {
  const [only, ...more] = imageFolders(folder);
  if (only === undefined || more.length > 0 || folder.images.length > 0) return undefined;
  return isWrapper(only.name) || only.name === basename(resolve(folder.path)) ? only : undefined;
}

/** The folder whose folders count: `folder`, or one within it that only wraps. */
export function unwrap(folder: Folder): Folder {
  const only = onlyWrapped(folder);
  return only && imageFolders(only).length > 0 ? unwrap(only) : folder;
}

export const unwrapNote = (folder: Folder, inner: Folder): readonly string[] =>
  inner === folder ? [] : [`${inner.path} is read, as ${folder.path} holds no other images.`];
