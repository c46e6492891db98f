import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { makeSketch, type Sketch } from "../images/sketch.ts";
import type { Image } from "../preprocessing/image.ts";
import { resize } from "../preprocessing/resize.ts";
import { findNearDuplicates } from "./near-duplicates.ts";

const side = 64;

/** Smooth blobs, a different picture for each seed. */
function picture(seed: number, size = side): Image {
  const noise = randomNumbers(3 * 8 * 8, { seed, low: 20, high: 220 });
  const small = { width: 8, height: 8, pixels: Uint8Array.from(noise) };
  return resize(small, { size: [size, size], filter: "bicubic" });
}

const changed = (image: Image, change: (value: number, at: number) => number): Image => ({
  ...image,
  pixels: image.pixels.map((value, at) => Math.max(0, Math.min(255, Math.round(change(value, at))))),
});
const sketches = (images: readonly Image[]): Sketch[] => images.map(makeSketch);

describe("findNearDuplicates", () => {
  it("finds a picture that was made smaller, brighter or noisy among others", async () => {
    const others = Array.from({ length: 40 }, (_, seed) => picture(seed));
    const noise = randomNumbers(3 * side * side, { seed: 99, low: -12, high: 12 });
    const images = [
      ...others,
      resize(picture(3), { size: [40, 40], filter: "bilinear" }),
      changed(picture(5), (value) => 1.1 * value + 6),
      changed(picture(7), (value, at) => value + (noise[at] as number)),
      picture(3),
    ];
    const { groups, pairs } = await findNearDuplicates(sketches(images));
    expect(groups).toEqual([
      [3, 40, 43],
      [5, 41],
      [7, 42],
    ]);
    expect(pairs).toHaveLength(4); // one fewer than images for each group
    for (const [a, b] of pairs)
      expect(groups.some((group) => group.includes(a) && group.includes(b))).toBe(true);
  });

  it("keeps apart what differs in colour alone, and what has nothing in it", async () => {
    const grey = changed(picture(1), () => 128);
    const red = changed(picture(2), (value, at) => (at % 3 === 0 ? 0.5 * value + 120 : 0.5 * value));
    const blue = changed(picture(2), (value, at) => (at % 3 === 2 ? 0.5 * value + 120 : 0.5 * value));
    expect(await findNearDuplicates([...sketches([grey, grey, red, blue]), undefined])).toEqual({
      groups: [],
      pairs: [],
    });
  });

  it("joins any number of images that are the same without comparing all pairs", async () => {
    const [one] = sketches([picture(1)]) as [Sketch];
    const { groups, pairs } = await findNearDuplicates(Array.from({ length: 2000 }, () => one));
    expect(groups.map((group) => group.length)).toEqual([2000]);
    expect(pairs).toHaveLength(1999);
  });

  it("stops when aborted, and tells how far it is", async () => {
    const seen: [number, number][] = [];
    await findNearDuplicates(sketches([picture(1), picture(2)]), {
      onProgress: (done, total) => seen.push([done, total]),
    });
    expect(seen.at(-1)).toEqual([2, 2]);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(findNearDuplicates(sketches([picture(1)]), { signal })).rejects.toThrow("enough");
  });
});
