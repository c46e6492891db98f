/** Originals that lie in a folder for each class: `Forest/Forest_1.jpg`. */

import { join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { listFiles, listFolders } from "./list-folder.ts";
import type { Original } from "./task.ts";

/** The images of all classes, which come in the order of their labels. Files other than `.jpg` are none of them. */
export async function readClassFolders(
  folder: string,
  classes: readonly string[],
): Promise<readonly Original[]> {
  const unknown = (await listFolders(folder)).find((name) => !classes.includes(name));
  if (unknown !== undefined)
    throw new FileError(
      `${join(folder, unknown)} is a folder of no class. The classes are ${classes.join(", ")}. Move it away if it is not of this data set.`,
    );
  const images: Original[] = [];
  for (const [label, name] of classes.entries())
    for (const file of await listFiles(join(folder, name)))
      if (file.endsWith(".jpg"))
        images.push({
          ...{ key: `${name}_${file}`, label },
          image: () => ({ file: join(folder, name, file) }),
        });
  return images;
}
