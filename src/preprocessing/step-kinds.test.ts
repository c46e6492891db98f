import { describe, expect, it } from "vitest";
import { applyActions } from "./actions.ts";
import { applySteps, planSteps } from "./preprocess.ts";
import { isRandom, kindOf, stepKinds } from "./step-kinds.ts";
import { evaluationSteps } from "./step-list.ts";
import type { Size, Step, StepName, StepOptions } from "./steps.ts";

/** What the rows promise of each step, tried on one sample of each. A step without a sample does not compile. */
const samples: { readonly [Name in StepName]: StepOptions[Name] } = {
  resize: { size: [6, 4], filter: "bicubic" },
  resizeShort: { size: 6, filter: "box" },
  resizeFit: { size: [6, 4], fit: "cover", filter: "hamming" },
  centerCrop: { size: [6, 4], rounding: "down", fill: [1, 2, 3] },
  randomCrop: { size: [6, 4] },
  randomResizedCrop: { size: [6, 4], scale: [0.2, 0.9], ratio: [0.5, 2], filter: "bilinear" },
  randomHorizontalFlip: { probability: 0.5 },
  randomAugment: { magnitude: 9, magnitudeStd: 0.5, filter: "bicubic", fill: [128, 128, 128] },
  normalize: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
};
const rows = Object.entries(samples) as unknown as readonly Step[];
const image = {
  width: 11,
  height: 9,
  pixels: Uint8Array.from({ length: 11 * 9 * 3 }, (_, at) => (at * 31) % 256),
};
const random = () => 0.25;
const before: Size = [image.height, image.width];

describe.each(rows.map((step) => [step[0], step] as const))("%s", (name, step) => {
  const kind = kindOf(step);

  it("has a sample that it accepts, and describes each of its options for messages", () => {
    expect(stepKinds).toHaveProperty(name);
    expect(kind.options.parse(step[1])).toEqual(step[1]);
    for (const option of Object.values(kind.options.shape))
      expect((option as { readonly description?: string }).description).toBeTypeOf("string");
  });

  it("ends in the size that it says", () => {
    const { height, width } = applyActions(image, planSteps([step], image, { random }));
    const said = kind.size(step[1], before);
    if (said === undefined) expect([height, width]).not.toEqual(before);
    else expect([height, width]).toEqual(said);
  });

  it("ends in twice the size when scaled by two", () => {
    const twice = [name, kind.scale(step[1], { vertical: 2, horizontal: 2 })] as Step;
    const sizeOf = (one: Step, from: Size) =>
      applyActions(
        { width: from[1], height: from[0], pixels: new Uint8Array(from[0] * from[1] * 3) },
        planSteps([one], { width: from[1], height: from[0] }, { random }),
      );
    const [small, large] = [sizeOf(step, before), sizeOf(twice, [before[0] * 2, before[1] * 2])];
    expect(Math.abs(large.width - 2 * small.width)).toBeLessThanOrEqual(1); // resizeShort cuts to whole pixels
    expect(Math.abs(large.height - 2 * small.height)).toBeLessThanOrEqual(1);
  });

  it("draws random numbers if and only if it has a deterministic counterpart, which draws none", () => {
    let draws = 0;
    const counted = () => {
      draws++;
      return 0.25;
    };
    planSteps([step], image, { random: counted });
    expect(draws > 0).toBe(isRandom(step));
    expect(name.startsWith("random")).toBe(isRandom(step));
    const counterpart = evaluationSteps([step]);
    expect(counterpart.some(isRandom)).toBe(false);
    const normalize: Step = ["normalize", samples.normalize];
    expect(applySteps(image, [...counterpart, normalize])).toBeInstanceOf(Float32Array);
  });
});
