import { describe, expect, it } from "vitest";
import { input } from "../graph/value.ts";
import { dropRates, fillRandomInputs } from "./random-inputs.ts";

describe("dropRates", () => {
  it.each([
    [0.1, 5, [0, 0.025, 0.05, 0.075, 0.1]],
    [0.2, 2, [0, 0.2]],
    [0.3, 1, [0]], // torch.linspace(0, 0.3, 1)
    [0, 3, [0, 0, 0]],
  ])("rises evenly to %d over %d blocks", (rate, depth, rates) => {
    expect(dropRates(rate, depth)).toBeCloseToTensor(rates, { relative: 1e-12 });
  });
});

describe("fillRandomInputs", () => {
  const masks = [
    { kind: "mask" as const, input: input("mask:0.attention", [8, 50, 64]), rate: 0.1 },
    { kind: "mask" as const, input: input("mask:1.mlp", [8, 50, 64]), rate: 0.5 },
  ];
  const drawn = fillRandomInputs(masks, { seed: 7, place: [3, 0] });

  it.each(masks)(
    "drops its share of $input.name, and scales the rest so that the mean stays",
    ({ input, rate }) => {
      const mask = drawn[input.name] ?? new Float32Array();
      expect(mask.length).toBe(8 * 50 * 64);
      const kept = Math.fround(1 / (1 - rate));
      expect(new Set(mask)).toEqual(new Set([0, kept]));
      const dropped = mask.reduce((count, value) => count + Number(value === 0), 0) / mask.length;
      // four standard deviations of a share of 25,600 samples
      expect(Math.abs(dropped - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / mask.length));
    },
  );

  it("draws the same for the same seed and place, another for any other", () => {
    expect(fillRandomInputs(masks, { seed: 7, place: [3, 0] })).toEqual(drawn);
    for (const other of [
      { seed: 8, place: [3, 0] },
      { seed: 7, place: [4, 0] },
      { seed: 7, place: [3, 1] },
    ])
      expect(fillRandomInputs(masks, other)).not.toEqual(drawn);
  });

  it("draws each branch for itself", () => {
    const twins = [0, 1].map((block) => ({
      kind: "mask" as const,
      input: input(`mask:${block}.mlp`, [1000]),
      rate: 0.5,
    }));
    const { "mask:0.mlp": first, "mask:1.mlp": second } = fillRandomInputs(twins, { seed: 7, place: [1, 0] });
    expect(first).not.toEqual(second);
  });

  it("draws one number an image for whole branches", () => {
    const { path = [] } = fillRandomInputs(
      [{ kind: "mask" as const, input: input("path", [6, 1, 1]), rate: 0.5 }],
      {
        seed: 1,
        place: [1, 0],
      },
    );
    expect(path).toHaveLength(6);
    for (const value of path) expect([0, 2]).toContain(value);
  });

  it("draws noise around 1, the same into memory of a run before", () => {
    const noise = [{ kind: "noise" as const, input: input("noise:blocks.0.q", [64, 1, 400]), std: 0.25 }];
    const first = fillRandomInputs(noise, { seed: 7, place: [1, 0] });
    const { "noise:blocks.0.q": numbers = new Float32Array() } = first;
    const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    const variance = numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / numbers.length;
    // five standard errors of 25,600 draws
    expect(Math.abs(mean - 1)).toBeLessThan((5 * 0.25) / 160);
    expect(Math.abs(Math.sqrt(variance) - 0.25)).toBeLessThan((5 * 0.25) / 226);
    const kept = { ...first, "noise:blocks.0.q": numbers.slice() };
    const again = fillRandomInputs(noise, { seed: 7, place: [1, 0], buffer: () => numbers });
    expect(again).toEqual(kept);
    expect(again["noise:blocks.0.q"]).toBe(numbers);
  });
});
