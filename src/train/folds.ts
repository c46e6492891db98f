/** Folds for cross-validation: every example is held out once, each class spread evenly. */

import { randomStream } from "../random.ts";
import type { Examples } from "./examples.ts";

export interface FoldOptions {
  readonly folds: number;
  readonly seed: number;
  /** Examples of the same group stay in one fold, as copies of an image must; all are apart where left out. */
  readonly groups?: readonly (number | undefined)[] | undefined;
}

/** The fold of each example, from 0. */
export function foldsOf(labels: readonly number[], { folds, seed, groups }: FoldOptions): number[] {
  const foldOf = new Array<number>(labels.length).fill(-1);
  const foldOfGroup = new Map<number, number>();
  let next = 0;
  for (const index of byClass(labels, seed)) {
    const group = groups?.[index];
    const known = group === undefined ? undefined : foldOfGroup.get(group);
    const fold = known ?? next++ % folds;
    if (group !== undefined) foldOfGroup.set(group, fold);
    foldOf[index] = fold;
  }
  return foldOf;
}

/** All indices, class by class, each class in random order. */
const byClass = (labels: readonly number[], seed: number): readonly number[] =>
  randomStream(seed, "folds")
    .permutation(labels.length)
    .toSorted((a, b) => (labels[a] ?? 0) - (labels[b] ?? 0));

/** Some of the examples, in the order given. */
export const someExamples = (examples: Examples, indices: readonly number[]): Examples => ({
  ...examples,
  labels: indices.map((index) => examples.labels[index] as number),
  ...(examples.plain && { plain: someExamples(examples.plain, indices) }),
  batches: ({ order, ...options }) =>
    examples.batches({ ...options, order: order.map((at) => indices[at] as number) }),
});
