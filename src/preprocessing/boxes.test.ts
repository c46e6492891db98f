import { describe, expect, it } from "vitest";
import { centerBox, roundHalfEven } from "./boxes.ts";

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
