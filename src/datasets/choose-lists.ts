/** Which of the lists `train`, `val`, `trainval` and `test` make up the three splits. */

import { FileError } from "../errors.ts";
import type { ListEntry, Lists } from "./dataset-from-lists.ts";

export type ListKind = "train" | "val" | "trainval" | "test";

/** What may follow the split's name; `trainer_state.json` and `test-results.txt` are not lists. */
const TAIL = "[-_]?\\d*([-_]?(list|lists|labels|split|images))?$";
const KINDS: readonly (readonly [ListKind, RegExp])[] = [
  ["trainval", new RegExp(`^train\\d*[-_]?val${TAIL}`)],
  ["train", new RegExp(`^train(ing)?${TAIL}`)],
  ["val", new RegExp(`^val(id|idation)?${TAIL}`)],
  ["test", new RegExp(`^test(ing)?${TAIL}`)],
];

/** `train800val200.txt` and `trainval.json` are unions; `train800.txt`, `val200.txt` and `test.txt` are what they say. */
export function listKind(name: string): ListKind | undefined {
  const stem = name.replace(/\.[^.]*$/, "").toLowerCase();
  return KINDS.find(([, pattern]) => pattern.test(stem))?.[0];
}

/** The file name of each kind. Two of a kind would have to be guessed between. */
export function kindsOf(root: string, names: readonly string[]): ReadonlyMap<ListKind, string> {
  const kinds = new Map<ListKind, string>();
  for (const name of names) {
    const kind = listKind(name);
    if (kind === undefined) continue;
    const other = kinds.get(kind);
    if (other !== undefined)
      throw new FileError(`${root}: ${other} and ${name} are both lists for ${kind}; keep one.`);
    kinds.set(kind, name);
  }
  return kinds;
}

const without = (entries: readonly ListEntry[], others: readonly ListEntry[]): readonly ListEntry[] => {
  const files = new Set(others.map(({ file }) => file));
  return entries.filter(({ file }) => !files.has(file));
};

/** The splits of the lists that are there; a missing train or val is what the union has beyond the other. */
export function chooseLists(lists: ReadonlyMap<ListKind, readonly ListEntry[]>): {
  readonly lists: Lists;
  readonly notes: readonly string[];
} {
  const [train, val, union, test = []] = (["train", "val", "trainval", "test"] as const).map((kind) =>
    lists.get(kind),
  );
  if (union === undefined || (train !== undefined && val !== undefined)) {
    const notes =
      union === undefined
        ? []
        : ["The list of training and validation images together is not read, as each has its own."];
    return { lists: { train: train ?? [], val: val ?? [], test }, notes };
  }
  if (train !== undefined) return { lists: { train, val: without(union, train), test }, notes: [] };
  return { lists: { train: without(union, val ?? []), val: val ?? [], test }, notes: [] };
}
