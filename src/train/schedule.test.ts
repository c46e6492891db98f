import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { learningRateAt, learningRateAtStep, type Schedule } from "./schedule.ts";

interface Case {
  readonly epochs: number;
  readonly warmupEpochs: number;
  readonly learningRate: number;
  readonly warmupLearningRate: number;
  readonly minimumLearningRate: number;
  readonly perEpoch: readonly number[];
}

const { cases } = JSON.parse(
  readFileSync(new URL("../../test/golden/schedule.json", import.meta.url), "utf8"),
) as { readonly cases: readonly Case[] };

const schedule = (kind: Schedule["kind"], changes: Partial<Schedule> = {}): Schedule => ({
  kind,
  learningRate: 1,
  epochs: 10,
  warmupEpochs: 2,
  warmupLearningRate: 0.5,
  minLearningRate: 0.1,
  ...changes,
});
const ratesOf = (schedule: Schedule, count = schedule.epochs): number[] =>
  Array.from({ length: count }, (_, epoch) => learningRateAt(schedule, epoch));

describe("learningRateAt", () => {
  it.each(cases)("gives timm's cosine over $epochs epochs, $warmupEpochs of warm-up", (golden) => {
    const { epochs, warmupEpochs, learningRate, warmupLearningRate, minimumLearningRate } = golden;
    const rates = ratesOf(
      {
        kind: "cosine",
        ...{ epochs, warmupEpochs, learningRate, warmupLearningRate },
        minLearningRate: minimumLearningRate,
      },
      golden.perEpoch.length,
    );
    expect(golden.perEpoch.length).toBeGreaterThan(3);
    // timm computes in another order: equal to the last few bits
    for (const [epoch, rate] of rates.entries())
      expect(Math.abs(rate - (golden.perEpoch[epoch] ?? Number.NaN))).toBeLessThanOrEqual(
        1e-15 * learningRate,
      );
  });

  it("stays at the base rate after the warm-up when constant", () => {
    // 0.5 twice, then half of the way to 1, then 1
    expect(ratesOf(schedule("constant"))).toEqual([0.5, 0.5, 0.75, 1, 1, 1, 1, 1, 1, 1]);
  });

  it("falls evenly from the base rate to the least when linear", () => {
    // 0.1 + (1 - t / 10) · 0.9 at t = epoch - 1, from t = 2 on
    const expected = [0.5, 0.5, 0.75, 0.82, 0.73, 0.64, 0.55, 0.46, 0.37, 0.28];
    expect(ratesOf(schedule("linear"))).toBeCloseToTensor(expected, { relative: 1e-12 });
    expect(learningRateAt(schedule("linear"), 11)).toBe(0.1);
  });

  it("does without a warm-up", () => {
    expect(ratesOf(schedule("constant", { warmupEpochs: 0, epochs: 3 }))).toEqual([1, 1, 1]);
    expect(learningRateAt(schedule("cosine", { warmupEpochs: 0 }), 0)).toBe(1);
    expect(learningRateAt(schedule("cosine", { warmupEpochs: 0 }), 1)).toBe(1);
  });
});

describe("learningRateAtStep", () => {
  const schedule: Schedule = {
    kind: "linear",
    ...{ learningRate: 1, epochs: 5, warmupEpochs: 1, warmupLearningRate: 0, minLearningRate: 0 },
  };
  const rates = (more: Partial<Schedule> = {}) =>
    Array.from({ length: 10 }, (_, step) =>
      learningRateAtStep({ ...schedule, ...more }, { step, stepsPerEpoch: 2 }),
    );

  it("rises in every step of the warm-up to the base rate, then falls in every step", () => {
    expect(rates()).toBeCloseToTensor([0.5, 1, 1, 7 / 8, 6 / 8, 5 / 8, 4 / 8, 3 / 8, 2 / 8, 1 / 8], {
      relative: 1e-12,
    });
  });

  it("falls as a cosine to the least rate, or stays", () => {
    const cosine = rates({ kind: "cosine", minLearningRate: 0.1 });
    expect(cosine[6]).toBeCloseTo(0.1 + 0.9 * 0.5 * (1 + Math.cos(Math.PI / 2)), 12);
    expect(rates({ kind: "constant" }).slice(2)).toEqual(Array(8).fill(1));
    expect(rates({ warmupEpochs: 0 })[0]).toBe(1);
  });

  it("restarts its cosine at every step of the way, after the warm-up", () => {
    const restarting = { kind: "cosine-restarts", restartEpochs: 1, restartFactor: 2 } as const;
    // Two steps of warm-up, a cycle of two, then the first four of eight: of two epochs, at quarters.
    const cosine = (share: number) => 0.5 * (1 + Math.cos(Math.PI * share));
    const expected = [0.5, 1, 1, 0.5, 1, cosine(0.25), 0.5, cosine(0.75), 1, cosine(1 / 8)];
    expect(rates(restarting)).toBeCloseToTensor(expected, { relative: 1e-12 });
  });
});
