/** What would make training on a data set worse, and what to do about each: a sentence or two, the gravest first. */

import { renderBadImages } from "../datasets/check-images.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { counted, someOf } from "../datasets/describe-dataset.ts";
import { duplicateNotes } from "../datasets/duplicates.ts";
import { LONG, type Looked, SMALL } from "../datasets/look-at-images.ts";
import { type NearPaths, nearDuplicateNotes } from "../datasets/near-duplicate-notes.ts";

/** With fewer images than this a class is hardly learned, and none is left to validate on. */
const few = 5;
/** A class with so many times the images of another is the safer guess wherever the two are hard to tell apart. */
const uneven = 10;
/** So many names stand for all; `--json` has every one. */
const named = 3;

export interface Seen {
  readonly dataset: Dataset;
  /** Training images of each class, in the order of the classes. */
  readonly trainCounts: readonly number[];
  readonly looked: Looked;
  /** Files of equal content. */
  readonly copies: readonly (readonly string[])[];
  readonly near: NearPaths;
}

export function advise(seen: Seen): readonly string[] {
  const { dataset, looked, copies, near } = seen;
  return [
    ...(looked.bad.length > 0 ? [renderBadImages(looked.bad)] : []),
    ...duplicateNotes(dataset, copies),
    ...nearDuplicateNotes(dataset, near),
    ...adviseCopies(copies),
    ...adviseClasses(seen),
    ...adviseImages(looked),
  ];
}

function adviseCopies(copies: Seen["copies"]): readonly string[] {
  const extra = copies.reduce((sum, group) => sum + group.length - 1, 0);
  if (extra === 0) return [];
  return [
    `${counted(extra, "image is a copy", "images are copies")} of another, such as ${copies[0]?.slice(0, 2).join(" and ")}. Remove copies, above all where splits share them.`,
  ];
}

function adviseClasses({ dataset: { classes, splits }, trainCounts }: Seen): readonly string[] {
  if (splits.train.length === 0) return [];
  const rows = classes.map((name, label) => ({ name, count: trainCounts[label] ?? 0 }));
  const scarce = rows.filter(({ count }) => count < few);
  const sorted = rows.filter(({ count }) => count > 0).toSorted((a, b) => a.count - b.count);
  const [least, most] = [sorted[0], sorted.at(-1)];
  const isUneven = least !== undefined && most !== undefined && most.count >= uneven * least.count;
  return [
    ...(scarce.length > 0
      ? [
          `${counted(scarce.length, "class has", "classes have")} fewer than ${few} training images (${someOf(scarce.map(({ name, count }) => `${name}: ${count}`))}). Add images, or leave ${scarce.length === 1 ? "it" : "them"} out.`,
        ]
      : []),
    ...(isUneven
      ? [
          `${most.name} has ${Math.floor(most.count / least.count)} times the training images of ${least.name} (${most.count} and ${least.count}), and guesses will favour it. Add images to small classes, or train with balanced class weights; judge by the mean recall over classes, not by accuracy.`,
        ]
      : []),
  ];
}

function adviseImages({ singleColour, small, smallest, elongated }: Looked): readonly string[] {
  return [
    ...(singleColour.length > 0
      ? [
          `${counted(singleColour.length, "image is", "images are")} of a single colour (${someOf(singleColour, named)}). Remove what shows nothing.`,
        ]
      : []),
    ...(small.length > 0 && smallest
      ? [
          `${counted(small.length, "image is", "images are")} less than ${SMALL} pixels wide or high, the smallest ${smallest.join(" x ")}. Check that they are not thumbnails of larger ones.`,
        ]
      : []),
    ...(elongated.length > 0
      ? [
          `${counted(elongated.length, "image is", "images are")} more than ${LONG} times as long as wide, or as wide as long (${someOf(elongated, named)}). Crop them to what matters: squashed to a square it is hard to recognise.`,
        ]
      : []),
  ];
}
