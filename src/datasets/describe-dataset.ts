/** A data set in words: its classes and counts, and names in messages. */

import { InputError } from "../errors.ts";
import { type Dataset, type Example, splitNames } from "./dataset.ts";

/** `3 images`, `1 image`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** The first few of many names, and how many there are. */
export const someOf = (names: readonly string[], shown = 8): string =>
  names.length > shown ? `${names.slice(0, shown).join(", ")}, … (${names.length})` : names.join(", ");

/** The same, each in quotes. */
export const quoted = (names: readonly string[]): string =>
  someOf(
    names.map((name) => `"${name}"`),
    5,
  );

/** A name as it is; as JSON where it holds what breaks or turns a line. */
const onOneLine = (name: string): string =>
  /[\p{Cc}\p{Bidi_C}\u2028\u2029]/u.test(name) ? escaped(name) : name;
const escaped = (name: string): string =>
  JSON.stringify(name).replace(
    /[\p{Cc}\p{Bidi_C}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

const adjectives = { train: "training", val: "validation", test: "test" } as const;

/** `3 classes: blue, green, red (120 training, 30 validation images)`. */
export function describeDataset({ classes, splits }: Dataset): string {
  const counts = splitNames.flatMap((split) =>
    splits[split].length > 0 ? [`${splits[split].length} ${adjectives[split]}`] : [],
  );
  return `${counted(classes.length, "class", "classes")}: ${someOf(classes.map(onOneLine))} (${counts.join(", ") || "no"} images)`;
}

/** Throws where skipping images of `dataset` leaves a class without training images. */
export function checkClasses(dataset: Dataset, remaining: readonly Example[]): void {
  const labels = new Set(remaining.map(({ label }) => label));
  const had = new Set(dataset.splits.train.map(({ label }) => label));
  const lost = dataset.classes.filter((_, label) => had.has(label) && !labels.has(label));
  if (lost.length > 0)
    throw new InputError(
      `${dataset.root}: ${lost.length === 1 ? "the class" : "the classes"} ${quoted(lost)} would have no training images left. Repair the images, or remove the class from the data.`,
    );
}
