import { describe, expect, it } from "vitest";
import { formatAccuracy } from "./format-accuracy.ts";

describe("formatAccuracy", () => {
  it.each([
    [{ correct: 81, images: 263, split: "test" }, "263 test images, 95 % interval 25.5 to 36.6 %"],
    [{ correct: 1, images: 1, split: "validation" }, "1 validation image, 95 % interval 20.7 to 100.0 %"],
    [{ correct: 0, images: 0, split: "test" }, "0 test images"],
  ])("of %j is %j", (accuracy, text) => {
    expect(formatAccuracy(accuracy).replaceAll("\u00a0", " ")).toBe(text);
  });
});
