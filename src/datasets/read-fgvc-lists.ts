/** The FGVC layout: JSON files of `{ "path": class id }`, with images beside them or in `images/`. */

import { join } from "node:path";
import { FileError } from "../errors.ts";
import { parseJson } from "../files/read-json.ts";
import { chooseLists, kindsOf, type ListKind } from "./choose-lists.ts";
import { datasetFromLists, type ListEntry } from "./dataset-from-lists.ts";
import type { Found } from "./read-class-folders.ts";
import { readListFile } from "./read-list-file.ts";

function parseList(text: string, path: string): readonly ListEntry[] {
  const value = parseJson(text, path);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new FileError(`${path}: expected one object of "image path": class id.`);
  return Object.entries(value).map(([file, id]) => {
    const where = `${path}, ${JSON.stringify(file)}`;
    if ((typeof id !== "string" || id === "") && !Number.isSafeInteger(id))
      throw new FileError(
        `${where}: a class id is a whole number or a name, got ${JSON.stringify(id).slice(0, 80)}.`,
      );
    return { file, label: String(id), where };
  });
}

/** Reads the JSON lists among `files`, the names of the files in `root`. */
export async function readFgvcLists(
  root: string,
  { files, signal }: { readonly files: readonly string[]; readonly signal?: AbortSignal },
): Promise<Found> {
  const read = new Map<ListKind, readonly ListEntry[]>();
  for (const [kind, name] of kindsOf(root, files)) {
    signal?.throwIfAborted();
    const path = join(root, name);
    read.set(kind, parseList(await readListFile(path), path));
  }
  const { lists, notes } = chooseLists(read);
  const found = await datasetFromLists(root, lists, { alternative: "images", signal });
  return { ...found, notes: [...notes, ...found.notes] };
}
