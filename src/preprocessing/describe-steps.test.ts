import { describe, expect, it } from "vitest";
import { describeSteps } from "./describe-steps.ts";
import type { Step } from "./steps.ts";

describe("describeSteps", () => {
  it.each<[Step, string]>([
    [
      ["resize", { size: [224, 200], filter: "bicubic" }],
      "resized to 200 × 224 pixels (bicubic, aspect ratio not kept)",
    ],
    [
      ["resizeShort", { size: 256, filter: "bilinear" }],
      "shorter side resized to 256 pixels (bilinear, aspect ratio kept)",
    ],
    [["centerCrop", { size: [224, 224] }], "cropped to the 224 × 224 pixels at the center"],
    [
      ["randomCrop", { size: [224, 224] }],
      "cropped to 224 × 224 pixels at random (at the center when evaluated)",
    ],
    [
      ["randomResizedCrop", { size: [8, 8], scale: [0.08, 1], ratio: [3 / 4, 4 / 3], filter: "box" }],
      "a random 8 to 100 % of the area at aspect ratios of 0.75 to 1.33, resized to 8 × 8 pixels (box)",
    ],
    [["randomHorizontalFlip", { probability: 0.5 }], "50 % flipped left to right"],
    [
      ["normalize", { mean: [0.5, 0.5, 0.5], std: [0.229, 0.224, 0.225] }],
      "colours scaled to 0–1, minus the mean 0.5, divided by the std (0.229, 0.224, 0.225)",
    ],
  ])("says %j", (step, words) => {
    expect(describeSteps([step])).toBe(words);
  });

  it("joins steps, and says where there are none", () => {
    const step = ["centerCrop", { size: [4, 4] }] as const;
    expect(describeSteps([step, step])).toBe(
      "cropped to the 4 × 4 pixels at the center; cropped to the 4 × 4 pixels at the center",
    );
    expect(describeSteps([])).toBe("none");
  });
});
