/** Recognises the names of splits: exact ones, and others that are too similar to be classes. */

import type { Split } from "./dataset.ts";

const EXACT: ReadonlyMap<string, Split> = new Map([
  ["train", "train"],
  ["training", "train"],
  ["val", "val"],
  ["valid", "val"],
  ["validation", "val"],
  ["dev", "val"],
  ["test", "test"],
  ["testing", "test"],
]);

/** The split that a folder or a CSV cell names, whatever its case. */
export const splitNamed = (name: string): Split | undefined => EXACT.get(name.toLowerCase());

const TRAIN = /^(train(ing)?(val)?)(sets?|data|images?|imgs?|files?)?$/;
const HELD_OUT =
  /^(unlabell?ed|test(ing)?|val(id(ation)?)?|dev|eval(uation)?|holdout|pred(ict(ions?)?)?)(sets?|data|images?|imgs?|files?)?$/;

/** `training_set` → training, set; `imagesTrain2017` → images, train. */
const words = (name: string): readonly string[] =>
  name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/h[eo]ld[-_ ]?out/, "holdout")
    .split(/[^a-z]+/);

/** Whether a name sounds like a split: `training_set`, `seg_pred`, `images_train`, `val2017`, `holdout`. */
export function soundsLikeSplit(name: string): "train" | "held out" | undefined {
  const own = words(name);
  if (own.some((word) => HELD_OUT.test(word))) return "held out";
  return own.some((word) => TRAIN.test(word)) ? "train" : undefined;
}

export type ListKind = Split | "trainval";

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
