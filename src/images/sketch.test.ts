import { describe, expect, it } from "vitest";
import { makeSketch, sketchSide } from "./sketch.ts";

const filled = (width: number, height: number, colour: readonly number[]) => ({
  width,
  height,
  pixels: Uint8Array.from({ length: 3 * width * height }, (_, at) => colour[at % 3] as number),
});

describe("makeSketch", () => {
  it("gives greys as JPEG's luma, the mean colour, and no range to a single colour", () => {
    const { greys, colour, range } = makeSketch(filled(50, 20, [200, 100, 50]));
    expect(greys).toEqual(new Uint8Array(sketchSide ** 2).fill(124)); // 0.299·200 + 0.587·100 + 0.114·50 = 124.2
    expect(colour).toEqual([200, 100, 50]);
    expect(range).toBe(0);
  });

  it("sees the range of the whole image, where shrinking averages a fine pattern away", () => {
    const side = 8 * sketchSide;
    const pixels = Uint8Array.from({ length: 3 * side * side }, (_, at) => (Math.floor(at / 3) % 2) * 255);
    const { greys, range } = makeSketch({ width: side, height: side, pixels });
    expect(range).toBe(255);
    expect(Math.max(...greys) - Math.min(...greys)).toBeLessThan(16);
  });

  it("takes an image of the sketch's size as it is", () => {
    const image = filled(sketchSide, sketchSide, [10, 10, 10]);
    image.pixels.fill(90, 0, 3);
    expect([...makeSketch(image).greys.subarray(0, 3)]).toEqual([90, 10, 10]);
  });
});
