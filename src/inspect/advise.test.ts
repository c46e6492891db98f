import { describe, expect, it } from "vitest";
import type { Looked } from "../datasets/look-at-images.ts";
import { advise, type Seen } from "./advise.ts";

const looked: Looked = {
  ...{ files: 60, bad: [], kinds: { JPEG: 60 }, smallest: [100, 80], largest: [400, 300] },
  ...{ small: [], elongated: [], singleColour: [] },
};
const seen = (parts: Partial<Seen>): Seen => ({
  dataset: {
    ...{ root: "/data", layout: "classes", classes: ["cat", "dog"], notes: [] },
    splits: { train: [{ path: "/data/cat/1.jpg", label: 0 }], val: [], test: [] },
  },
  trainCounts: [30, 30],
  ...{ looked, copies: [], near: { groups: [], pairs: [] } },
  ...parts,
});

describe("advise", () => {
  it("has nothing to say of a sound data set", () => {
    expect(advise(seen({}))).toEqual([]);
  });

  it.each([
    [
      { trainCounts: [50, 5] },
      "cat has 10 times the training images of dog (50 and 5), and guesses will favour it. Add images to small classes, or train with balanced class weights; judge by the mean recall over classes, not by accuracy.",
    ],
    [
      { trainCounts: [30, 4] },
      "1 class has fewer than 5 training images (dog: 4). Add images, or leave it out.",
    ],
    [
      { looked: { ...looked, singleColour: ["/data/cat/1.jpg"] } },
      "1 image is of a single colour (/data/cat/1.jpg). Remove what shows nothing.",
    ],
    [
      { looked: { ...looked, small: ["/data/a.jpg"], smallest: [40, 90] } },
      "1 image is less than 64 pixels wide or high, the smallest 40 x 90. Check that they are not thumbnails of larger ones.",
    ],
    [
      { looked: { ...looked, elongated: ["/a", "/b", "/c", "/d"] } },
      "4 images are more than 4 times as long as wide, or as wide as long (/a, /b, /c, … (4)). Crop them to what matters: squashed to a square it is hard to recognise.",
    ],
    [
      { looked: { ...looked, bad: [{ path: "/a", reason: "/a is empty." }] } },
      "1 image cannot be used:\n  /a is empty.",
    ],
  ] satisfies [Partial<Seen>, string][])("advises on %j", (parts, advice) => {
    expect(advise(seen(parts))).toEqual([advice]);
  });
});
