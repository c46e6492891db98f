import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { defaultSteps, evaluationSteps, fitSteps, outputSize, splitSteps } from "./step-list.ts";
import type { Step } from "./steps.ts";

const [resize, normalize] = defaultSteps([256, 256]) as [Step, Step];

describe("evaluationSteps", () => {
  it("leaves deterministic steps alone", () => {
    expect(evaluationSteps([resize, normalize])).toEqual([resize, normalize]);
  });

  it("crops in the centre and drops the flip, as the authors' code does on the fine-grained sets", () => {
    const training: Step[] = [
      resize,
      ["randomCrop", { size: [224, 224] }],
      ["randomHorizontalFlip", { probability: 0.5 }],
      normalize,
    ];
    expect(evaluationSteps(training)).toEqual([resize, ["centerCrop", { size: [224, 224] }], normalize]);
  });

  it("turns a random resized crop to 224 into the shorter side to 256 and a centre crop", () => {
    const random: Step = [
      "randomResizedCrop",
      { size: [224, 224], scale: [0.08, 1], ratio: [0.75, 1.33], filter: "bicubic" },
    ];
    expect(evaluationSteps([random, normalize])).toEqual([
      ["resizeShort", { size: 256, filter: "bicubic" }],
      ["centerCrop", { size: [224, 224] }],
      normalize,
    ]);
  });
});

describe("outputSize", () => {
  it("is the last size that the steps fix", () => {
    expect(outputSize([resize, ["randomCrop", { size: [224, 192] }], normalize])).toEqual([224, 192]);
    expect(outputSize(defaultSteps([32, 48]))).toEqual([32, 48]);
  });

  it("refuses steps that leave the size to the image", () => {
    expect(() => outputSize([resize, ["resizeShort", { size: 8, filter: "box" }], normalize])).toThrow(
      new InputError(
        "Preprocessing must give every image the same size; add a resize or a crop to a fixed size.",
      ),
    );
  });
});

describe("fitSteps", () => {
  it("leaves steps of the correct size as they are", () => {
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

describe("splitSteps", () => {
  const flip: Step = ["randomHorizontalFlip", { probability: 0.5 }];
  it("keeps everything before the first random step, and never the numbers", () => {
    const crop: Step = ["centerCrop", { size: [4, 4] }];
    expect(splitSteps([resize, crop, normalize])).toEqual({
      deterministic: [resize, crop],
      rest: [normalize],
    });
    expect(splitSteps([resize, flip, crop, normalize])).toEqual({
      deterministic: [resize],
      rest: [flip, crop, normalize],
    });
    expect(splitSteps([flip, normalize])).toEqual({ deterministic: [], rest: [flip, normalize] });
  });
});
