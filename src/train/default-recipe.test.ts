import { describe, expect, it } from "vitest";
import { linear } from "../methods/linear.ts";
import { rlrr } from "../methods/rlrr.ts";
import { defaultRecipe } from "./default-recipe.ts";
import type { RecipeInput } from "./recipe.ts";

/** Labels with so many examples of each class. */
const labelsOf = (...counts: readonly number[]): number[] =>
  counts.flatMap((count, label) => Array<number>(count).fill(label));

const chosen = (counts: readonly number[], valExamples = 30, asked: RecipeInput = {}) =>
  defaultRecipe({ labels: labelsOf(...counts), valExamples }, { method: rlrr, asked });

describe("the default recipe", () => {
  it.each([
    [20, { epochs: 20, batchSize: 4, blend: 0.5 }],
    [60, { epochs: 10, batchSize: 4, blend: 0.5 }],
    [99, { epochs: 7, batchSize: 4, blend: 0.5 }],
    [100, { epochs: 6, batchSize: 4, blend: 1 }],
    [250, { epochs: 6, batchSize: 4, blend: 1 }],
    [800, { epochs: 6, batchSize: 8 }],
    [3000, { epochs: 6, batchSize: 16 }],
    [50_000, { epochs: 6, batchSize: 32 }],
  ])("suits %d images", (images, expected) => {
    const half = Math.floor(images / 2);
    expect(chosen([half, images - half]).options).toMatchObject({ learningRate: 3e-3, ...expected });
  });

  it.each([
    [10, 10, 20],
    [100, 8, 20],
    [8, 17, 12],
    [10, 33, 7],
    [10, 34, 6],
    [8, 12, 17],
  ])("shows %d classes of %d images long enough", (classes, images, epochs) => {
    expect(chosen(Array<number>(classes).fill(images)).options.epochs).toBe(epochs);
  });

  it("has epochs before the data is known", () => {
    expect(chosen([], 0, { select: "last" }).options.epochs).toBe(20);
    expect(chosen([], 0).options.epochs).toBe(20);
  });

  it("counts images in all where folds are trained as well", () => {
    const counts = Array<number>(8).fill(12);
    expect(chosen(counts, 0).options).toMatchObject({ epochs: 7, folds: 4 });
    expect(chosen(counts, 30, { folds: 3 }).options.epochs).toBe(7);
    expect(chosen(counts, 0, { folds: 0 }).options.epochs).toBe(17);
    expect(chosen(counts, 0, { select: "last" }).options.epochs).toBe(17);
  });

  it("says how long it trains, of one epoch too", () => {
    const [several] = chosen([50, 50]).reasons;
    const fewOfEach = Array<number>(10).fill(10);
    expect(chosen(fewOfEach).reasons[0]).toBe(
      "Recipe: 20 epochs of 100 images in steps of 4, 500 steps: the fewer the images of a class, the more epochs, and the fewer in all, the smaller the steps.",
    );
    expect(chosen([100, 100]).reasons[0]).toBe(
      "Recipe: 6 epochs of 200 images in steps of 4, 300 steps: the fewer the images, the smaller the steps. Where there is time, 20 epochs mostly learn more.",
    );
    expect(chosen(fewOfEach, 30, { epochs: 12 }).reasons[0]).toBe(
      "Recipe: 12 epochs of 100 images in steps of 4, 300 steps: the fewer the images, the smaller the steps.",
    );
    const [one] = chosen([50, 50], 30, { epochs: 1 }).reasons;
    expect(several).toMatch(/^Recipe: 6 epochs of 100 images in steps of 4, 150 steps:/);
    expect(one).toMatch(/^Recipe: 1 epoch of 100 images in steps of 4, 25 steps:/);
  });

  it.each<[string, readonly number[], RecipeInput["classWeights"]]>([
    ["even", [20, 20, 20], "none"],
    ["nearly even", [20, 29], "none"],
    ["uneven", [20, 30], "balanced"],
  ])("weighs classes that are %s", (_, counts, classWeights) => {
    expect(chosen(counts).options.classWeights).toBe(classWeights);
  });

  it("cross-validates few images without validation images, and validates nothing where no class has two", () => {
    expect(chosen([40, 40], 0).options).toMatchObject({ folds: 4, select: "latest" });
    expect(chosen([40, 40], 10).options).not.toHaveProperty("folds");
    expect(chosen([60, 60], 0).options).not.toHaveProperty("folds");
    expect(chosen([1, 1, 1], 0).options.select).toBe("last");
  });

  it("is patient where a lack of luck would end training, and blends with nothing but a probe", () => {
    expect(chosen([60, 60]).options.patience).toBe(5);
    expect(chosen([60, 60], 30, { epochs: 21 }).options.patience).toBe(11);
    expect(chosen([40, 40], 30, { select: "val" }).options.patience).toBe(0);
    expect(chosen([40, 40], 30, { select: "last" }).options).not.toHaveProperty("patience");
    expect(chosen([40, 40], 30, { start: "zero" }).options.blend).toBe(1);
  });

  it("trains nothing but the probe where only the head trains", () => {
    const { options, reasons } = defaultRecipe(
      { labels: labelsOf(60, 60), valExamples: 30 },
      { method: linear, asked: {} },
    );
    expect(options).toMatchObject({ epochs: 0, start: "probe" });
    expect(reasons).toEqual([]);
  });

  it("trains the head in steps where only the head trains and the start is no probe", () => {
    const { options, reasons } = defaultRecipe(
      { labels: labelsOf(60, 60), valExamples: 30 },
      { method: linear, asked: { start: "head" } },
    );
    expect(options).toMatchObject({ epochs: 6, patience: 5 });
    expect(reasons[1]).toBe(
      "Recipe: learning rate 0.01 at its top, from the model's own head; nothing is kept that validates worse than it.",
    );
  });

  it("promises nothing that is not so", () => {
    const rate = "Recipe: learning rate 0.003 at its top, from";
    expect(chosen([60, 60]).reasons[1]).toBe(
      `${rate} a linear probe; nothing is kept that validates worse than the probe.`,
    );
    expect(chosen([60, 60], 30, { start: "zero" }).reasons[1]).toBe(`${rate} a head of zeros.`);
    expect(chosen([60, 60], 30, { select: "last" }).reasons[1]).toBe(`${rate} a linear probe.`);
    expect(chosen([60, 60], 0, { folds: 3 }).reasons).toHaveLength(2);
  });
});
