import { describe, expect, it } from "vitest";
import { centerBox, centerBoxDown, fitSize, roundHalfEven } from "./boxes.ts";

describe("roundHalfEven", () => {
  it.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [2.4, 2],
    [2.6, 3],
    [-0.5, 0],
    [-1.5, -2],
    [7, 7],
  ])("rounds %d to %d as Python does", (value, rounded) => {
    expect(roundHalfEven(value) + 0).toBe(rounded);
  });
});

describe("centerBox", () => {
  // torchvision: int(round((256 - 224) / 2)) = 16; round(0.5) = 0; round(1.5) = 2; smaller: padding (5 - 2) // 2 = 1
  it.each([
    [256, 224, 16],
    [5, 4, 0],
    [7, 4, 2],
    [4, 4, 0],
    [2, 5, -1],
    [3, 4, 0],
  ])("of %d to %d starts at %d", (inSize, outSize, start) => {
    expect(centerBox({ width: inSize, height: 9 }, [9, outSize])).toEqual({
      top: 0,
      left: start,
      height: 9,
      width: outSize,
    });
    expect(centerBox({ width: 9, height: inSize }, [outSize, 9])).toEqual({
      top: start,
      left: 0,
      height: outSize,
      width: 9,
    });
  });
});

describe("centerBoxDown", () => {
  // transformers' center_crop: (5 - 4) // 2 = 0, (7 - 4) // 2 = 1; smaller: ceil((5 - 2) / 2) = 2 pixels before the image.
  it.each([
    [256, 224, 16],
    [5, 4, 0],
    [7, 4, 1],
    [4, 4, 0],
    [2, 5, -2],
    [3, 4, -1],
  ])("of %d to %d starts at %d", (inSize, outSize, start) => {
    expect(centerBoxDown({ width: inSize, height: 9 }, [9, outSize])).toMatchObject({ top: 0, left: start });
    expect(centerBoxDown({ width: 9, height: inSize }, [outSize, 9])).toMatchObject({ top: start, left: 0 });
  });
});

describe("fitSize", () => {
  // timm's ResizeKeepRatio.get_params, with longest = 0 and 1
  it.each([
    [{ height: 100, width: 50 }, [24, 32], [64, 32], [24, 12]],
    [{ height: 333, width: 500 }, [24, 32], [24, 36], [21, 32]],
    [{ height: 5000, width: 1 }, [24, 32], [160000, 32], [24, 1]],
  ] as const)("of %o for %o covers as %o and fits as %o", (image, size, cover, contain) => {
    expect(fitSize(image, { size, fit: "cover" })).toEqual(cover);
    expect(fitSize(image, { size, fit: "contain" })).toEqual(contain);
  });
});
