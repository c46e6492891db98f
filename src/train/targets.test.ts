import { describe, expect, it } from "vitest";
import { balancedWeights, targetsFor } from "./targets.ts";

const common = { classes: 4, labelSmoothing: 0, total: 2, rows: 2 };

describe("targetsFor", () => {
  it("puts an image's share of the step's mean at its label", () => {
    expect(targetsFor(Int32Array.of(1, 3), common)).toEqual(Float32Array.of(0, 0.5, 0, 0, 0, 0, 0, 0.5));
  });

  it("smooths: 1 - ε at the label, ε / classes everywhere", () => {
    // ε 0.2: 0.8 + 0.05 at the label, 0.05 elsewhere, all halved
    expect(targetsFor(Int32Array.of(0, 2), { ...common, labelSmoothing: 0.2 })).toBeCloseToTensor([
      0.425, 0.025, 0.025, 0.025, 0.025, 0.025, 0.425, 0.025,
    ]);
  });

  it("weighs an image by its class, smoothing included", () => {
    // weights 3 and 1, total 4: shares 0.75 and 0.25
    const classWeights = [3, 1, 1, 1];
    expect(targetsFor(Int32Array.of(0, 1), { ...common, classWeights, total: 4 })).toBeCloseToTensor([
      0.75, 0, 0, 0, 0, 0.25, 0, 0,
    ]);
    const smooth = targetsFor(Int32Array.of(0, 1), {
      ...common,
      ...{ classWeights, total: 4, labelSmoothing: 0.4 },
    });
    // 0.75 · (0.6 + 0.1), 0.75 · 0.1, …
    expect(smooth).toBeCloseToTensor([0.525, 0.075, 0.075, 0.075, 0.025, 0.175, 0.025, 0.025]);
  });

  it("leaves rows of padding at zero, so that they count nothing", () => {
    expect(
      targetsFor(Int32Array.of(2), { ...common, labelSmoothing: 0.4, total: 1, rows: 2 }),
    ).toBeCloseToTensor([0.1, 0.1, 0.7, 0.1, 0, 0, 0, 0]);
  });

  it("sums to 1 over all micro-batches of a step", () => {
    const options = { classes: 3, labelSmoothing: 0.1, classWeights: [1, 2, 5], total: 10, rows: 2 };
    const parts = [Int32Array.of(0, 1), Int32Array.of(2, 1)]; // 1 + 2 + 5 + 2
    const sum = parts.flatMap((labels) => [...targetsFor(labels, options)]).reduce((a, b) => a + b, 0);
    expect(sum).toBeCloseTo(1, 6);
  });
});

describe("balancedWeights", () => {
  it("weighs a class by how rare it is, with a mean of 1 over the images", () => {
    // 4 / (2 · 3), 4 / (2 · 1)
    expect(balancedWeights([0, 0, 0, 1], 2)).toEqual([4 / 6, 2]);
    const labels = [0, 1, 1, 2, 2, 2];
    const weights = balancedWeights(labels, 3);
    expect(labels.reduce((sum, label) => sum + (weights[label] ?? 0), 0)).toBeCloseTo(labels.length, 12);
  });

  it("gives 0 to a class that has no image", () => {
    expect(balancedWeights([0, 2], 3)).toEqual([2 / 3, 0, 2 / 3]);
  });
});
