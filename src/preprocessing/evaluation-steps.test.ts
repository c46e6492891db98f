import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { defaultSteps } from "./default-steps.ts";
import { evaluationSteps } from "./evaluation-steps.ts";
import { outputSize } from "./output-size.ts";
import type { Step } from "./steps.ts";

const [resize, normalize] = defaultSteps([256, 256]) as [Step, Step];

describe("evaluationSteps", () => {
  it("leaves still steps alone", () => {
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
        "Preprocessing leaves the size to the image; a resize or a crop to a fixed size is needed.",
      ),
    );
  });
});
