import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import type { Dataset, Example } from "./dataset.ts";
import { splitTrainValidation } from "./split-train-validation.ts";

const dataset = (counts: readonly number[], root = "/data"): Dataset => ({
  root,
  layout: "classes",
  classes: counts.map((_, label) => `c${label}`),
  splits: {
    train: counts.flatMap((count, label) =>
      Array.from({ length: count }, (_, at) => ({ path: `${root}/c${label}/${at}.jpg`, label })),
    ),
    val: [],
    test: [{ path: `${root}/t.jpg`, label: 0 }],
  },
  notes: ["before"],
});
const perClass = (examples: readonly Example[], classes: number) =>
  Array.from({ length: classes }, (_, label) => examples.filter((example) => example.label === label).length);

describe("splitTrainValidation", () => {
  it("takes the share of every class, keeps one of each for training, and says so", () => {
    const split = splitTrainValidation(dataset([50, 10, 3, 2, 1]), { seed: 42 });
    expect(perClass(split.splits.val, 5)).toEqual([10, 2, 1, 0, 0]);
    expect(perClass(split.splits.train, 5)).toEqual([40, 8, 2, 2, 1]);
    expect(split.splits.test).toHaveLength(1);
    expect(new Set([...split.splits.train, ...split.splits.val].map(({ path }) => path)).size).toBe(66);
    expect(split.notes).toEqual([
      "before",
      "No validation split was given: 13 of the 66 training images, drawn class by class with seed 42, became one.",
    ]);
    expect(
      perClass(splitTrainValidation(dataset([4, 4]), { seed: 1, fraction: 0.99 }).splits.train, 2),
    ).toEqual([1, 1]);
  });

  it("depends on the seed, not on the order of the files nor on where the folder lies", () => {
    const names = (data: Dataset, seed: number) =>
      splitTrainValidation(data, { seed })
        .splits.val.map(({ path }) => path.slice(data.root.length))
        .toSorted();
    const data = dataset([30, 30]);
    const shuffled = { ...data, splits: { ...data.splits, train: data.splits.train.toReversed() } };
    expect(names(shuffled, 7)).toEqual(names(data, 7));
    expect(names(dataset([30, 30], "/elsewhere/copy"), 7)).toEqual(names(data, 7));
    expect(names(data, 8)).not.toEqual(names(data, 7));
  });

  it("takes one of each class where all are tiny, and none where all are single", () => {
    expect(perClass(splitTrainValidation(dataset([2, 2, 1]), { seed: 1 }).splits.val, 3)).toEqual([1, 1, 0]);
    expect(splitTrainValidation(dataset([1, 1]), { seed: 1 }).notes.at(-1)).toBe(
      "No validation split was given, and every class has a single training image, so none could be made.",
    );
  });

  it("leaves a data set alone that has validation images, or no training images", () => {
    const data = dataset([5, 5]);
    const given = { ...data, splits: { ...data.splits, val: data.splits.test } };
    expect(splitTrainValidation(given, { seed: 1 })).toBe(given);
    const only = { ...data, splits: { ...data.splits, train: [] } };
    expect(splitTrainValidation(only, { seed: 1 })).toBe(only);
  });

  it.each([0, 1, Number.NaN])("refuses the fraction %d", (fraction) => {
    expect(() => splitTrainValidation(dataset([5, 5]), { seed: 1, fraction })).toThrow(
      new InputError(`The validation fraction must be above 0 and below 1, got ${fraction}.`),
    );
  });
});
