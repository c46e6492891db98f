/** A validation split from the training images, class by class, by seed: the same on every machine. */

import { relative, sep } from "node:path";
import { InputError } from "../errors.ts";
import { randomStream } from "../random.ts";
import type { Dataset, Example } from "./dataset.ts";
import { byCodeUnit } from "./list-tree.ts";

/** How many of `count` images go to validation: a share, but one always stays for training. */
const shareOf = (count: number, fraction: number): number =>
  Math.min(count - 1, Math.round(count * fraction));

/**
 * Gives a data set without validation images some of its training images. One that has them is returned as it is.
 * Within a class the images are drawn in the order of their paths, so the order in which a disk lists them is no matter.
 */
export function splitTrainValidation(
  dataset: Dataset,
  { seed, fraction = 0.2 }: { readonly seed: number; readonly fraction?: number },
): Dataset {
  if (!(fraction > 0 && fraction < 1))
    throw new InputError(`The validation fraction must be above 0 and below 1, got ${fraction}.`);
  const { train, val, test } = dataset.splits;
  if (val.length > 0 || train.length === 0) return dataset;

  const nameOf = ({ path }: Example) => relative(dataset.root, path).split(sep).join("/");
  const byClass: Example[][] = dataset.classes.map(() => []);
  for (const example of train) byClass[example.label]?.push(example);
  for (const examples of byClass) examples.sort((a, b) => byCodeUnit(nameOf(a), nameOf(b)));
  // Where every class is tiny, one image of each that has two is still better than no validation at all.
  const allTiny = byClass.every((examples) => shareOf(examples.length, fraction) < 1);
  const chosen = new Set(
    byClass.flatMap((examples, label) => {
      const order = randomStream(seed, "validation split", dataset.classes[label] ?? "").permutation(
        examples.length,
      );
      const count = allTiny ? Math.min(1, examples.length - 1) : shareOf(examples.length, fraction);
      return order.slice(0, Math.max(0, count)).flatMap((at) => examples[at] ?? []);
    }),
  );
  const note =
    chosen.size === 0
      ? "No validation split was given, and every class has a single training image, so none could be made."
      : `No validation split was given: ${chosen.size} of the ${train.length} training images, drawn class by class with seed ${seed}, became one.`;
  return {
    ...dataset,
    splits: { train: train.filter((e) => !chosen.has(e)), val: train.filter((e) => chosen.has(e)), test },
    notes: [...dataset.notes, note],
  };
}
