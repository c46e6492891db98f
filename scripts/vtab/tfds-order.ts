/** The order that TensorFlow Datasets writes examples in: by the MD5 of the split's name followed by the example's key. */

import { createHash } from "node:crypto";
import { FileError } from "../../src/errors.ts";
import type { OrderedSplit, Original, Originals } from "./task.ts";

/** `tensorflow_datasets/core/hashing.py` and `shuffle.py`. They too refuse two examples of one key in a split. */
export function inTfdsOrder(
  split: string,
  originals: readonly Original[],
  { where = "the originals" } = {},
): readonly Original[] {
  const hashed = originals
    .map((original) => ({ original, hash: hashOf(split, original.key) }))
    .sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
  const twice = hashed.find(({ hash }, at) => hash === hashed[at + 1]?.hash);
  if (twice)
    throw new FileError(
      `${where}: two images of the split ${split} have the key ${twice.original.key}, by which they are ordered. Extract the originals again, into an empty folder.`,
    );
  return hashed.map(({ original }) => original);
}

const hashOf = (split: string, key: string | number): string =>
  createHash("md5").update(split).update(String(key).replaceAll("\\", "/")).digest("hex");

/** Sorted when first asked for: some tasks take nothing of a split. */
export const orderSplits = (originals: Originals, where: string): Readonly<Record<string, OrderedSplit>> =>
  Object.fromEntries(
    Object.entries(originals).map(([split, all]) => {
      let ordered: readonly Original[] | undefined;
      const slice = async (from: number, to?: number) => {
        ordered ??= inTfdsOrder(split, all, { where });
        return ordered.slice(from, to);
      };
      return [split, { length: all.length, slice }];
    }),
  );
