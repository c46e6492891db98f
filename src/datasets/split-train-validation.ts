/** Splits validation images off the training images, class by class, by seed: the same on every machine. */

import { relative, sep } from "node:path";
import { InputError } from "../errors.ts";
import { randomStream } from "../random.ts";
import type { Dataset, Example } from "./dataset.ts";
import { counted } from "./describe-dataset.ts";
import { type DuplicateOptions, duplicateNotes, findEqualFiles } from "./duplicates.ts";
import { byCodeUnit } from "./list-tree.ts";

/** How many of `count` images go to validation: a share, but one always stays for training. */
const shareOf = (count: number, fraction: number): number =>
  Math.min(count - 1, Math.round(count * fraction));

export interface ValidationSplitOptions extends DuplicateOptions {
  readonly seed: number;
  readonly fraction?: number;
  /** Paths of images that the model was trained on before: none of them validates. */
  readonly trained?: ReadonlySet<string> | undefined;
}

/**
 * Gives a data set without validation images some of its training images; one that has them keeps its splits. Within a
 * class the images are chosen in the order of their paths, so the order in which a disk lists them does not matter. Files
 * of equal content stay on one side; splits that share such files are noted.
 */
export async function splitTrainValidation(
  dataset: Dataset,
  { seed, fraction = 0.2, trained, ...options }: ValidationSplitOptions,
): Promise<Dataset> {
  if (!(fraction > 0 && fraction < 1))
    throw new InputError(`The validation fraction must be above 0 and below 1, got ${fraction}.`);
  const { train, val, test } = dataset.splits;
  if (train.length === 0) return dataset;
  const paths = [...train, ...val, ...test].map(({ path }) => path);
  const equal = await findEqualFiles(paths, options);
  const notes = [...dataset.notes, ...duplicateNotes(dataset, equal)];
  if (val.length > 0)
    return withoutTrained(notes.length === dataset.notes.length ? dataset : { ...dataset, notes }, trained);

  const sets = numbered(equal);
  const chosen = choose(dataset, { seed, fraction, sets, trained });
  const before = train.filter(({ path }) => trained?.has(path)).length;
  if (before > 0)
    notes.push(
      `${counted(before, "image was trained on before and does", "images were trained on before and do")} not validate.`,
    );
  notes.push(
    chosen.size === 0
      ? `No validation split was given, and no class has two different training images${before > 0 ? " with one that was not trained on before" : ""}, so none could be made.`
      : `No validation split was given: ${chosen.size} of the ${train.length} training images, chosen class by class with seed ${seed}, became one.`,
  );
  notes.push(...copyNotes(train, { sets, where: "on one side of the split" }));
  return {
    ...dataset,
    splits: { train: train.filter((e) => !chosen.has(e)), val: train.filter((e) => chosen.has(e)), test },
    notes,
  };
}

/** A validation split that was given, less the images that the model was trained on before. */
function withoutTrained(dataset: Dataset, trained: ReadonlySet<string> = new Set()): Dataset {
  const { val } = dataset.splits;
  const fresh = val.filter(({ path }) => !trained.has(path));
  if (fresh.length === val.length) return dataset;
  const note = `${val.length - fresh.length} of the ${val.length} validation images were trained on before and are left out.`;
  return { ...dataset, splits: { ...dataset.splits, val: fresh }, notes: [...dataset.notes, note] };
}

/** A data set that is not split, and which of its images are copies of each other: those of the same number. */
export async function groupCopies(
  dataset: Dataset,
  options: DuplicateOptions,
): Promise<{ readonly dataset: Dataset; readonly groups: ReadonlyMap<string, number> }> {
  const { train, val, test } = dataset.splits;
  const equal = await findEqualFiles(
    [...train, ...val, ...test].map(({ path }) => path),
    options,
  );
  const sets = numbered(equal);
  const copies = copyNotes(train, { sets, where: "in one fold" });
  const notes = [...dataset.notes, ...duplicateNotes(dataset, equal), ...copies];
  return { dataset: { ...dataset, notes }, groups: sets };
}

function copyNotes(
  train: readonly Example[],
  { sets, where }: { readonly sets: ReadonlyMap<string, number>; readonly where: string },
): readonly string[] {
  const copies = train.length - new Set(train.map(({ path }) => sets.get(path) ?? path)).size;
  const are = counted(copies, "training image is a copy of another", "training images are copies of others");
  return copies > 0 ? [`${are}; copies stay ${where}.`] : [];
}

const numbered = (equal: readonly (readonly string[])[]): ReadonlyMap<string, number> =>
  new Map(equal.flatMap((group, at) => group.map((path) => [path, at] as const)));

interface Choice {
  readonly seed: number;
  readonly fraction: number;
  /** By path: which set of equal files it is in, if any. */
  readonly sets: ReadonlyMap<string, number>;
  readonly trained: ReadonlySet<string> | undefined;
}

/** The examples for validation. */
function choose(
  { root, classes, splits: { train } }: Dataset,
  { seed, fraction, sets, trained }: Choice,
): Set<Example> {
  const nameOf = ({ path }: Example) => relative(root, path).split(sep).join("/");
  const byClass: Example[][] = classes.map(() => []);
  for (const example of train) byClass[example.label]?.push(example);
  for (const examples of byClass) examples.sort((a, b) => byCodeUnit(nameOf(a), nameOf(b)));
  // Where every class is tiny, one image of each that has two is still better than no validation at all.
  const allTiny = byClass.every((examples) => shareOf(examples.length, fraction) < 1);
  const chosen = new Set<Example>();
  for (const [label, name] of classes.entries()) {
    const examples = byClass[label] ?? [];
    const count = allTiny ? Math.min(1, examples.length - 1) : shareOf(examples.length, fraction);
    const together = keepTogether(examples, sets).filter(
      (group) => !group.some(({ path }) => trained?.has(path)),
    );
    const order = randomStream(seed, "validation split", name).permutation(together.length);
    for (const example of takeUpTo(
      count,
      order.map((at) => together[at] ?? []),
    ))
      chosen.add(example);
  }
  // Equal files of two classes: what one class trains on validates in none.
  const kept = new Set(train.flatMap((e) => (chosen.has(e) ? [] : [sets.get(e.path)])));
  for (const example of [...chosen]) {
    const set = sets.get(example.path);
    if (set !== undefined && kept.has(set)) chosen.delete(example);
  }
  return chosen;
}

/** The first groups that fit into `count`; where none does, the smallest, unless it is all there is. */
function takeUpTo(count: number, groups: readonly (readonly Example[])[]): readonly Example[] {
  const taken: Example[] = [];
  for (const group of groups) if (taken.length + group.length <= count) taken.push(...group);
  if (taken.length > 0 || count < 1 || groups.length < 2) return taken;
  return groups.reduce((least, group) => (group.length < least.length ? group : least));
}

/** Examples in groups of equal files, each where its first is. */
function keepTogether(
  examples: readonly Example[],
  sets: ReadonlyMap<string, number>,
): readonly (readonly Example[])[] {
  const groups = new Map<number | string, Example[]>();
  for (const example of examples) {
    const key = sets.get(example.path) ?? example.path;
    const group = groups.get(key);
    if (group) group.push(example);
    else groups.set(key, [example]);
  }
  return [...groups.values()];
}
