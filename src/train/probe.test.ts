import { describe, expect, it } from "vitest";
import { referenceEngine } from "../engine/reference.ts";
import { randomStream } from "../random.ts";
import type { FeatureSet } from "./features.ts";
import { scoreHead } from "./heads.ts";
import { fitProbe } from "./probe.ts";

const engine = referenceEngine();
const [classes, width] = [3, 4];

/** Classes around corners of their own, `noise` wide; the last feature never changes. */
function clouds(count: number, { noise, seed }: { noise: number; seed: number }): FeatureSet {
  const random = randomStream(seed, "clouds");
  const labels = Array.from({ length: count }, (_, index) => index % classes);
  const rows = Float32Array.from(
    labels.flatMap((label) => [
      ...[0, 1, 2].map((axis) => 100 + 10 * (+(axis === label) + noise * random.normal())),
      7,
    ]),
  );
  return { rows, labels };
}

describe("fitProbe", () => {
  const train = clouds(60, { noise: 0.3, seed: 1 });
  const val = clouds(60, { noise: 0.3, seed: 2 });

  it("tells classes apart that a line separates, whatever the scale of the features", async () => {
    const { head, validation } = await fitProbe(train, val, { classes, engine });
    expect(validation?.top1).toBeGreaterThan(90);
    expect(head.get("head.weight")?.shape).toEqual([classes, width]);
    expect(head.get("head.bias")?.shape).toEqual([classes]);
    expect(scoreHead(head, val, classes)).toEqual(validation);
    // a feature without variance says nothing
    for (const row of [0, 1, 2]) expect(head.get("head.weight")?.data[row * width + 3]).toBe(0);
  });

  it("is where the penalised loss has no slope", async () => {
    const { head, penalty } = await fitProbe(train, val, { classes, engine });
    const weight = head.get("head.weight")?.data ?? new Float32Array();
    const bias = head.get("head.bias")?.data ?? new Float32Array();
    const count = train.labels.length;
    const column = (i: number) => [...train.labels.keys()].map((n) => train.rows[n * width + i] as number);
    for (const axis of [0, 1, 2]) {
      const x = column(axis);
      const mean = x.reduce((a, b) => a + b) / count;
      const std = Math.sqrt(x.reduce((sum, one) => sum + (one - mean) ** 2, 0) / count);
      for (const row of [0, 1, 2]) {
        // d/dw of mean cross-entropy + λ/2·w², with w on the standardised feature: w = weight · std
        const slope = train.labels.reduce((sum, label, n) => {
          const logits = [0, 1, 2].map(
            (k) =>
              (bias[k] as number) +
              [0, 1, 2, 3].reduce(
                (dot, i) => dot + (weight[k * width + i] as number) * (train.rows[n * width + i] as number),
                0,
              ),
          );
          const top = Math.max(...logits);
          const exponentials = logits.map((z) => Math.exp(z - top));
          const probability = (exponentials[row] as number) / exponentials.reduce((a, b) => a + b);
          return sum + ((probability - +(label === row)) * ((x[n] as number) - mean)) / std / count;
        }, 0);
        expect(Math.abs(slope + penalty * (weight[row * width + axis] as number) * std)).toBeLessThan(2e-3);
      }
    }
  });

  it("penalises more where classes overlap", async () => {
    const noisy = { noise: 3, seed: 3 };
    const strong = await fitProbe(clouds(30, noisy), clouds(300, { ...noisy, seed: 4 }), { classes, engine });
    const weak = await fitProbe(train, val, { classes, engine });
    expect(strong.penalty).toBeGreaterThan(weak.penalty);
  });

  it("chooses by cross-validation where nothing validates, and is told apart from it", async () => {
    const { validation, head } = await fitProbe(train, undefined, { classes, engine });
    expect(validation?.top1).toBeGreaterThan(85);
    expect(scoreHead(head, val, classes).top1).toBeGreaterThan(90);
  });

  it("takes the middle penalty where a class has one example alone, and claims no accuracy", async () => {
    const { validation, penalty } = await fitProbe(clouds(3, { noise: 0, seed: 5 }), undefined, {
      classes,
      engine,
    });
    expect(validation).toBeUndefined();
    expect(penalty).toBe(0.1);
  });

  it("stops when it is told to", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(fitProbe(train, val, { classes, engine, signal })).rejects.toThrow("enough");
  });
});
