import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { makeTree } from "../../test/make-tree.ts";
import { InputError } from "../errors.ts";
import type { Dataset, Example, Split } from "./dataset.ts";
import { readDataset } from "./read-dataset.ts";
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
  it("takes the share of every class, keeps one of each for training, and says so", async () => {
    const split = await splitTrainValidation(dataset([50, 10, 3, 2, 1]), { seed: 42 });
    expect(perClass(split.splits.val, 5)).toEqual([10, 2, 1, 0, 0]);
    expect(perClass(split.splits.train, 5)).toEqual([40, 8, 2, 2, 1]);
    expect(split.splits.test).toHaveLength(1);
    expect(new Set([...split.splits.train, ...split.splits.val].map(({ path }) => path)).size).toBe(66);
    expect(split.notes).toEqual([
      "before",
      "No validation split was given: 13 of the 66 training images, chosen class by class with seed 42, became one.",
    ]);
    const most = await splitTrainValidation(dataset([4, 4]), { seed: 1, fraction: 0.99 });
    expect(perClass(most.splits.train, 2)).toEqual([1, 1]);
  });

  it("depends on the seed, not on the order of the files nor on where the folder lies", async () => {
    const names = async (data: Dataset, seed: number) =>
      (await splitTrainValidation(data, { seed })).splits.val
        .map(({ path }) => path.slice(data.root.length))
        .toSorted();
    const data = dataset([30, 30]);
    const shuffled = { ...data, splits: { ...data.splits, train: data.splits.train.toReversed() } };
    const before = await names(data, 7);
    // What a resumed run relies on: the choice never changes.
    expect(before).toEqual(
      [
        ...["c0/1", "c0/11", "c0/12", "c0/15", "c0/24", "c0/3"],
        ...["c1/1", "c1/15", "c1/19", "c1/2", "c1/25", "c1/9"],
      ].map((name) => `/${name}.jpg`),
    );
    expect(await names(shuffled, 7)).toEqual(before);
    expect(await names(dataset([30, 30], "/elsewhere/copy"), 7)).toEqual(before);
    expect(await names(data, 8)).not.toEqual(before);
  });

  it("takes one of each class where all are tiny, and none where all are single", async () => {
    const tiny = await splitTrainValidation(dataset([2, 2, 1]), { seed: 1 });
    expect(perClass(tiny.splits.val, 3)).toEqual([1, 1, 0]);
    expect((await splitTrainValidation(dataset([1, 1]), { seed: 1 })).notes.at(-1)).toBe(
      "No validation split was given, and no class has two different training images, so none could be made.",
    );
  });

  it("leaves a data set alone that has validation images, or no training images", async () => {
    const data = dataset([5, 5]);
    const given = { ...data, splits: { ...data.splits, val: data.splits.test } };
    expect(await splitTrainValidation(given, { seed: 1 })).toBe(given);
    const only = { ...data, splits: { ...data.splits, train: [] } };
    expect(await splitTrainValidation(only, { seed: 1 })).toBe(only);
  });

  it.each([0, 1, Number.NaN])("refuses the fraction %d", async (fraction) => {
    await expect(splitTrainValidation(dataset([5, 5]), { seed: 1, fraction })).rejects.toThrow(
      new InputError(`The validation fraction must be above 0 and below 1, got ${fraction}.`),
    );
  });

  describe("with files of equal content", () => {
    const read = async (files: Readonly<Record<string, string>>) => readDataset(await makeTree(files));
    const contents = (data: Dataset) => {
      const of = (split: Split) => new Set(data.splits[split].map(({ path }) => readFileSync(path, "utf8")));
      return { train: of("train"), val: of("val") };
    };

    it.each([1, 2, 3, 4, 5, 6, 7, 8])("keeps copies on one side with seed %d", async (seed) => {
      // Each picture twice, and one of them in both classes.
      const files = Object.fromEntries(
        ["a", "b"].flatMap((name) =>
          Array.from({ length: 20 }, (_, at) => [`${name}/${at}.jpg`, at < 2 ? "both" : name + (at >> 1)]),
        ),
      );
      const split = await splitTrainValidation(await read(files), { seed });
      const { train, val } = contents(split);
      expect(val.size).toBeGreaterThan(0);
      expect([...val].filter((content) => train.has(content))).toEqual([]);
      expect(split.notes).toContainEqual(
        "21 training images are copies of others; copies stay on one side of the split.",
      );
      expect(split.notes).toContainEqual(
        "2 images are in two classes with the same content (a/0.jpg is b/0.jpg, …).",
      );
    });

    it("leaves something to train on where a class is almost all copies", async () => {
      const copies = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`a/${at}.jpg`, "same"]));
      const split = await splitTrainValidation(
        await read({ ...copies, "a/x.jpg": "other", "b/1.jpg": "1", "b/2.jpg": "2" }),
        { seed: 1 },
      );
      expect(split.splits.val.map(({ path }) => path.slice(-7))).toEqual(["a/x.jpg"]);
    });

    it("tells where the data's own splits share them", async () => {
      const data = await read({
        ...{ "train/a/1.jpg": "1", "train/b/1.jpg": "2", "val/a/1.jpg": "3", "val/b/1.jpg": "4" },
        ...{ "test/a/1.jpg": "1", "test/a/2.jpg": "1", "test/b/1.jpg": "5" },
      });
      expect((await splitTrainValidation(data, { seed: 1 })).notes).toEqual([
        "2 images of test are copies of images of train (test/a/1.jpg is train/a/1.jpg, …); results on test will look better than they are.",
      ]);
    });
  });
});
