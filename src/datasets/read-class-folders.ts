/** One folder per class: its name is the class, the images anywhere inside are its examples. */

import { join } from "node:path";
import { FileError } from "../errors.ts";
import type { Dataset } from "./dataset.ts";
import { byCodeUnit, findImages, ignoredNote, isImageName, isLitter, listFolder } from "./find-images.ts";

/** What a reader of one layout finds. */
export type Found = Pick<Dataset, "classes" | "splits" | "notes">;

export interface ClassImages {
  /** Paths by class name, sorted; classes without images are left out. */
  readonly byClass: ReadonlyMap<string, readonly string[]>;
  readonly notes: readonly string[];
}

/** Reads the class folders in `folder`. */
export async function readClasses(
  folder: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<ClassImages> {
  const byClass = new Map<string, readonly string[]>();
  const notes: string[] = [];
  const ignored: string[] = [];
  const stray: string[] = [];
  for (const { name, kind } of await listFolder(folder)) {
    if (isLitter(name)) ignored.push(name);
    else if (kind === "file" && isImageName(name)) stray.push(name);
    else if (kind !== "folder") ignored.push(name);
    else {
      const found = await findImages(join(folder, name), { signal });
      for (const path of found.ignored) ignored.push(path); // spread, 120,000 would overflow the stack
      // macOS may spell é as two code points where other systems use one.
      const className = name.normalize("NFC");
      if (byClass.has(className))
        throw new FileError(
          `${folder}: two folders are named "${className}", spelt with different code points. Merge them.`,
        );
      if (found.images.length > 0) byClass.set(className, found.images);
      else notes.push(`${join(folder, name)} holds no images and is left out.`);
    }
  }
  if (stray.length > 0)
    notes.push(
      `Ignored ${stray.length} in ${folder} outside any class folder (${stray[0]}${stray.length > 1 ? ", …" : ""}).`,
    );
  return {
    byClass: new Map([...byClass].toSorted(([a], [b]) => byCodeUnit(a, b))),
    notes: [...notes, ...ignoredNote(ignored)],
  };
}

/** Examples in the order of the classes. */
export const examplesOf = ({ byClass }: ClassImages, classes: readonly string[]) =>
  classes.flatMap((name, label) => (byClass.get(name) ?? []).map((path) => ({ path, label })));

/** Reads a folder of class folders; all of it is `train` until a split is made. */
export async function readClassFolders(
  root: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Found> {
  const found = await readClasses(root, options);
  const classes = [...found.byClass.keys()];
  return { classes, splits: { train: examplesOf(found, classes), val: [], test: [] }, notes: found.notes };
}
