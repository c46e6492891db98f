/** Images that a list names, such as `banded/banded_0002.jpg`. */

import { dirname, join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { listFiles } from "./list-folder.ts";

export interface Listed {
  /** Below the folder of the images, with `/`. */
  readonly names: readonly string[];
  /** What names them, and what they come in, for messages. */
  readonly list: string;
  readonly archive: string;
}

/** Sees that all lie in `folder` before any is read: a `FileError` names the first that is missing. */
export async function checkListed(folder: string, { names, list, archive }: Listed): Promise<void> {
  const there = new Set<string>();
  for (const below of new Set(names.map((name) => dirname(name))))
    for (const file of await listFiles(join(folder, below))) there.add(join(below, file));
  const [first, ...others] = names.filter((name) => !there.has(join(name)));
  if (first === undefined) return;
  const more = others.length === 0 ? "" : `, and so are ${others.length} more that are missing`;
  throw new FileError(
    `${join(folder, first)}: there is no such file, but it is in ${list}${more}. Extract ${archive} again, whole.`,
  );
}

/** An image's class is the folder that it lies in; classes are numbered in the order of their names. */
export function labelsOf(names: readonly string[]): ReadonlyMap<string, number> {
  const classes = [...new Set(names.map((name) => dirname(name)))].sort();
  return new Map(classes.map((name, label) => [name, label]));
}
