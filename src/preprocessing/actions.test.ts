import { describe, expect, it } from "vitest";
import { crop, flip } from "./actions.ts";

/** Red counts 1, 2, 3 …; green and blue are one and two more. */
const image = (width: number, height: number) => ({
  width,
  height,
  pixels: Uint8Array.from({ length: width * height * 3 }, (_, at) => Math.floor(at / 3) + 1 + (at % 3)),
});
const reds = ({ pixels }: { pixels: Uint8Array }) => [...pixels].filter((_, at) => at % 3 === 0);

describe("crop", () => {
  it("cuts out the box", () => {
    const box = crop(image(4, 3), { top: 1, left: 2, height: 2, width: 2 });
    expect([box.width, box.height]).toEqual([2, 2]);
    expect([...box.pixels.subarray(0, 6)]).toEqual([7, 8, 9, 8, 9, 10]);
    expect(reds(box)).toEqual([7, 8, 11, 12]);
  });

  it("is black outside the image", () => {
    expect(reds(crop(image(2, 2), { top: -1, left: -1, height: 4, width: 3 }))).toEqual([
      0, 0, 0, 0, 1, 2, 0, 3, 4, 0, 0, 0,
    ]);
    expect(reds(crop(image(2, 2), { top: 0, left: 5, height: 1, width: 2 }))).toEqual([0, 0]);
  });
});

describe("crop with a fill", () => {
  it("has its colour outside the image", () => {
    const { pixels } = crop(image(1, 1), { top: 0, left: -1, height: 1, width: 2, fill: [7, 8, 9] });
    expect([...pixels]).toEqual([7, 8, 9, 1, 2, 3]);
  });
});

describe("flip", () => {
  it("mirrors left and right and keeps the channels in order", () => {
    const flipped = flip(image(3, 2));
    expect(reds(flipped)).toEqual([3, 2, 1, 6, 5, 4]);
    expect([...flipped.pixels.subarray(0, 3)]).toEqual([3, 4, 5]);
  });
});
