import { describe, expect, it } from "vitest";
import { nearDuplicateNotes } from "./near-duplicate-notes.ts";

const example = (path: string, label: number) => ({ path: `/data/${path}`, label });
const near = (...groups: readonly (readonly string[])[]) => {
  const absolute = groups.map((group) => group.map((path) => `/data/${path}`));
  const pairs = absolute.flatMap(([first = "", ...others]) => others.map((other) => [first, other] as const));
  return { groups: absolute, pairs };
};
const train = [example("a/1.png", 0), example("a/2.png", 0), example("a/3.png", 0), example("b/1.png", 1)];

describe("nearDuplicateNotes", () => {
  it("says nothing where there are none", () => {
    expect(nearDuplicateNotes({ root: "/data", splits: { train, val: [], test: [] } }, near())).toEqual([]);
  });

  it("names classes first, then splits, then what is left, each image once", () => {
    const test = [example("t/1.png", 0), example("t/2.png", 1)];
    const val = [example("v/1.png", 1)];
    const groups = near(["a/1.png", "b/1.png"], ["a/2.png", "t/1.png"], ["t/2.png", "v/1.png"]);
    expect(nearDuplicateNotes({ root: "/data", splits: { train, val, test } }, groups)).toEqual([
      "2 images look the same as an image of another class (a/1.png and b/1.png). Look at each pair: correct the wrong label, or remove both.",
      "1 test image looks the same as a training image (a/2.png and t/1.png); results on test will look better than they are. Keep each set of such images in one split.",
      "1 test image looks the same as a validation image (t/2.png and v/1.png); results on test will look better than they are. Keep each set of such images in one split.",
    ]);
  });

  it("warns of a split that is yet to be made", () => {
    const splits = { train, val: [], test: [] };
    expect(nearDuplicateNotes({ root: "/data", splits }, near(["a/1.png", "a/2.png", "a/3.png"]))).toEqual([
      "2 images look the same as others of their class and split (a/1.png and a/2.png, …). Keep one of each set, unless they differ in what matters. A validation split that training makes may hold one of a pair whose other it trains on, and then looks better than it is.",
    ]);
  });
});
