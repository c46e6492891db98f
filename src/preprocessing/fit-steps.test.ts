import { describe, expect, it } from "vitest";
import { fitSteps } from "./fit-steps.ts";
import type { Step } from "./steps.ts";

const normalize: Step = ["normalize", { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }];

describe("fitSteps", () => {
  it("leaves steps of the right size as they are", () => {
    const steps: readonly Step[] = [["resize", { size: [224, 224], filter: "bicubic" }], normalize];
    expect(fitSteps(steps, [224, 224])).toBe(steps);
  });

  it("keeps the proportions", () => {
    const steps: readonly Step[] = [
      ["resizeShort", { size: 248, filter: "bicubic" }],
      ["centerCrop", { size: [224, 224] }],
      normalize,
    ];
    expect(fitSteps(steps, [384, 384])).toEqual([
      ["resizeShort", { size: 425, filter: "bicubic" }],
      ["centerCrop", { size: [384, 384] }],
      normalize,
    ]);
  });

  it("changes every step that has a size", () => {
    const steps: readonly Step[] = [
      ["resize", { size: [16, 16], filter: "box" }],
      ["randomCrop", { size: [12, 12] }],
      ["randomResizedCrop", { size: [8, 8], scale: [0.5, 1], ratio: [1, 1], filter: "box" }],
      ["randomHorizontalFlip", { probability: 0.5 }],
      normalize,
    ];
    expect(fitSteps(steps, [4, 8])).toEqual([
      ["resize", { size: [8, 16], filter: "box" }],
      ["randomCrop", { size: [6, 12] }],
      ["randomResizedCrop", { size: [4, 8], scale: [0.5, 1], ratio: [1, 1], filter: "box" }],
      ["randomHorizontalFlip", { probability: 0.5 }],
      normalize,
    ]);
  });
});
