import { describe, expect, it } from "vitest";
import { type GoldenTensor, readGolden } from "../../test/golden.ts";
import { randomStream } from "../random.ts";
import type { ExampleBatch } from "./examples.ts";
import { cutMix, type Mix, mixImages, sampleMix } from "./mix.ts";
import { targetsFor } from "./targets.ts";

interface Golden {
  readonly mix: {
    readonly images: GoldenTensor;
    readonly labels: readonly number[];
    readonly classes: number;
    readonly labelSmoothing: number;
    readonly cases: readonly {
      readonly kind: "mixup" | "cutmix";
      readonly lam: number;
      readonly center?: readonly [number, number];
      readonly targets: GoldenTensor;
      readonly mixed: GoldenTensor;
    }[];
  };
}
const { mix: golden } = readGolden<Golden>("official-data");
const [count = 0, , height = 0, width = 0] = golden.images.shape;
const imageSize = [height, width] as const;
const size = 3 * height * width;

/** The golden batch in micro-batches of `rows`, the last one padded. */
const parts = (rows: number): ExampleBatch[] =>
  Array.from({ length: Math.ceil(count / rows) }, (_, part) => {
    const from = part * rows;
    const real = Math.min(rows, count - from);
    const [numbers, labels] = [new Float32Array(rows * size), new Int32Array(rows)];
    numbers.set(golden.images.data.slice(from * size, (from + real) * size));
    labels.set(golden.labels.slice(from, from + real));
    return { numbers, labels, count: real };
  });

describe("mixup and cutmix", () => {
  it.each(golden.cases.flatMap((one) => [4, 3].map((rows) => ({ ...one, rows }))))(
    "mix images and targets as the official code: $kind, $lam, micro-batches of $rows",
    (one) => {
      const mix: Mix = one.center ? cutMix(one.lam, { imageSize, center: one.center }) : { share: one.lam };
      const batches = parts(one.rows);
      mixImages(batches, mix, { imageSize });
      const mixed = batches.flatMap(({ numbers, count }) => [...numbers.subarray(0, count * size)]);
      expect(mixed).toBeCloseToTensor(one.mixed.data, { relative: 2e-6 });
      const labels = Int32Array.from(golden.labels);
      const { classes, labelSmoothing } = golden;
      const targets = targetsFor(labels, {
        ...{ classes, labelSmoothing, total: 1, rows: count },
        mixed: { partners: labels.toReversed(), share: mix.share },
      });
      expect(targets).toBeCloseToTensor(one.targets.data, { relative: 1e-6 });
    },
  );

  it("leaves the image amid an odd number as it is", () => {
    const numbers = Float32Array.from({ length: 3 * 3 }, (_, i) => i);
    mixImages([{ numbers, labels: new Int32Array(3), count: 3 }], { share: 0.75 }, { imageSize: [1, 1] });
    expect(numbers).toEqual(Float32Array.of(1.5, 2.5, 3.5, 3, 4, 5, 4.5, 5.5, 6.5));
  });

  it("take every image once where class weights differ, so that targets sum to 1", () => {
    const labels = Int32Array.of(0, 1, 1, 2);
    const classWeights = [1, 2, 5];
    const targets = targetsFor(labels, {
      ...{ classes: 3, labelSmoothing: 0.1, classWeights, total: 1 + 2 + 2 + 5, rows: 4 },
      mixed: { partners: labels.toReversed(), share: 0.3 },
    });
    expect(targets.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 6);
  });
});

describe("sampleMix", () => {
  const sample = (mixup: number, cutmix: number): readonly (Mix | undefined)[] =>
    Array.from({ length: 4000 }, (_, step) =>
      sampleMix({ mixup, cutmix, imageSize: [32, 32] }, randomStream(1, "mix", step)),
    );
  const moments = (shares: readonly number[]): readonly [mean: number, variance: number] => {
    const mean = shares.reduce((sum, x) => sum + x, 0) / shares.length;
    return [mean, shares.reduce((sum, x) => sum + (x - mean) ** 2, 0) / shares.length];
  };

  it.each([0.2, 0.8, 1, 3])("has shares of a beta distribution of alpha %d", (alpha) => {
    const [mean, variance] = moments(sample(alpha, 0).map((mix) => mix?.share ?? Number.NaN));
    expect(mean).toBeCloseTo(0.5, 1);
    // of beta(α, α): 1 / (4 (2α + 1))
    expect(Math.abs(variance * 4 * (2 * alpha + 1) - 1)).toBeLessThan(0.06);
  });

  it("cuts in half of the steps where both are on, and in all where mixup is off", () => {
    const cuts = (mixes: readonly (Mix | undefined)[]) => mixes.filter((mix) => mix?.box).length / 4000;
    expect(cuts(sample(0.8, 1))).toBeCloseTo(0.5, 1);
    expect(cuts(sample(0, 1))).toBe(1);
    expect(sample(0, 0).every((mix) => mix === undefined)).toBe(true);
  });

  it("is the same for the same seed and step", () => {
    expect(sample(0.8, 1).slice(0, 9)).toEqual(sample(0.8, 1).slice(0, 9));
  });
});
