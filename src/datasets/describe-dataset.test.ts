import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import type { Dataset, Example } from "./dataset.ts";
import { checkClasses, describeDataset } from "./describe-dataset.ts";

const examples = (...labels: readonly number[]): readonly Example[] =>
  labels.map((label, at) => ({ path: `/d/${at}.jpg`, label }));
const dataset = (classes: readonly string[], splits: Partial<Dataset["splits"]>): Dataset => ({
  ...{ root: "/d", layout: "classes", classes, notes: [] },
  splits: { train: [], val: [], test: [], ...splits },
});

describe("describeDataset", () => {
  it.each<[Dataset, string]>([
    [
      dataset(["blue", "green", "red"], { train: examples(0, 1, 2, 2), val: examples(0) }),
      "3 classes: blue, green, red (4 training, 1 validation images)",
    ],
    [
      dataset(
        Array.from({ length: 100 }, (_, at) => `c${at}`),
        { test: examples(0, 1) },
      ),
      "100 classes: c0, c1, c2, c3, c4, c5, c6, c7, … (100) (2 test images)",
    ],
    [dataset(["a", "b"], {}), "2 classes: a, b (no images)"],
    [
      dataset(["two\nlines", "\u202eturned", "c\u0085d", "é, ü"], {}),
      '4 classes: "two\\nlines", "\\u202eturned", "c\\u0085d", é, ü (no images)',
    ],
  ])("renders one line", (data, line) => {
    expect(describeDataset(data)).toBe(line);
  });
});

describe("checkClasses", () => {
  const data = dataset(["a", "b", "c", "never"], { train: examples(0, 1, 1, 2) });

  it("lets images go as long as each class keeps one", () => {
    expect(() => checkClasses(data, examples(0, 1, 2))).not.toThrow();
  });

  it.each<[readonly Example[], string]>([
    [examples(0, 1), 'the class "c" would'],
    [examples(1), 'the classes "a", "c" would'],
  ])("refuses to lose a class", (remaining, what) => {
    expect(() => checkClasses(data, remaining)).toThrow(
      new InputError(
        `/d: ${what} have no training images left. Repair the images, or remove the class from the data.`,
      ),
    );
  });
});
