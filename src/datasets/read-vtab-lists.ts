/** The VTAB-1k layout: text files of `path label` lines, and perhaps class names in meta.json. */

import { join } from "node:path";
import { z } from "zod";
import { FileError } from "../errors.ts";
import { chooseLists, kindsOf, type ListKind } from "./choose-lists.ts";
import { datasetFromLists, type ListEntry } from "./dataset-from-lists.ts";
import type { Found } from "./read-class-folders.ts";
import { readListFile } from "./read-list-file.ts";

const meta = z.object({ classes: z.array(z.string().min(1)).min(1) });

/** The label is the last word of a line, so that paths may hold spaces. */
function parseLines(text: string, path: string): readonly ListEntry[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const words = line.trim();
    if (words === "") return [];
    const where = `${path}, line ${index + 1}`;
    const [label] = /\d{1,9}$/.exec(words) ?? [""];
    const rest = words.slice(0, words.length - label.length);
    const file = rest.trim();
    if (file === "" || label === "" || file === rest)
      throw new FileError(
        `${where}: expected a path and a whole number, got ${JSON.stringify(line.slice(0, 80))}.`,
      );
    return [{ file, label, where }];
  });
}

async function readNames(root: string): Promise<{ names?: readonly string[]; notes: readonly string[] }> {
  const path = join(root, "meta.json");
  try {
    const { classes } = meta.parse(JSON.parse(await readListFile(path)));
    if (new Set(classes).size === classes.length) return { names: classes, notes: [] };
  } catch {
    // Said below: class names are a comfort, the numbers do without them.
  }
  return {
    notes: [
      `${path} has no list of distinct class names under "classes", so the label numbers are the names.`,
    ],
  };
}

/** Reads the text lists among `files`, the names of the files in `root`. */
export async function readVtabLists(
  root: string,
  { files, signal }: { readonly files: readonly string[]; readonly signal?: AbortSignal },
): Promise<Found> {
  const kinds = kindsOf(
    root,
    files.filter((name) => /\.txt$/i.test(name)),
  );
  const read = new Map<ListKind, readonly ListEntry[]>();
  for (const [kind, name] of kinds) {
    signal?.throwIfAborted();
    const path = join(root, name);
    read.set(kind, parseLines(await readListFile(path), path));
  }
  const { lists, notes } = chooseLists(read);
  const named = files.includes("meta.json") ? await readNames(root) : { notes: [] };
  const found = await datasetFromLists(root, lists, { ...named, signal });
  return { ...found, notes: [...notes, ...named.notes, ...found.notes] };
}
