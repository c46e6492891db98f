/** Originals that lie in a folder for each class: `Forest/Forest_1.jpg`. */

import { join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { listFolder } from "./list-folder.ts";
import type { Original } from "./task.ts";

/** The images of all classes, which come in the order of their labels. Files other than `.jpg` are none of them. */
export async function readClassFolders(
  folder: string,
  classes: readonly string[],
): Promise<readonly Original[]> {
  const unknown = (await listFolder(folder)).find(
    (entry) => entry.isDirectory() && !entry.name.startsWith(".") && !classes.includes(entry.name),
  );
  if (unknown)
    throw new FileError(
      `${join(folder, unknown.name)} is a folder of no class. The classes are ${classes.join(", ")}. Move it away if it is not of this data set.`,
    );
  const images: Original[] = [];
  for (const [label, name] of classes.entries())
    for (const entry of await listFolder(join(folder, name)))
      if (isImage(entry.name)) {
        const file = join(folder, name, entry.name);
        images.push({ key: `${name}_${entry.name}`, label, image: () => ({ file }) });
      }
  return images;
}

/** Files whose names begin with a dot are those of a file manager: `._Forest_1.jpg`. */
const isImage = (name: string): boolean => name.endsWith(".jpg") && !name.startsWith(".");
