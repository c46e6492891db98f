/** RLRR on a Swin against the official code's own numbers: logits, loss, gradients, drop path, five AdamW steps. */

import { describe, expect, it } from "vitest";
import { allTrainables } from "../src/adapter/head.ts";
import { evaluate } from "../src/engine/reference.ts";
import type { Shape, Tensor } from "../src/formats/tensor.ts";
import { rlrr } from "../src/methods/rlrr.ts";
import { swin } from "../src/model/swin.ts";
import type { SwinConfig } from "../src/model/swin-config.ts";
import { constantsOf } from "../src/model/weight-constants.ts";
import { adamwStep } from "../src/train/adamw.ts";
import { gradientName, trainGraph } from "../src/train/train-graph.ts";
import { byFormula } from "./by-formula.ts";
import { type GoldenTensor, type GoldenTensors, readGolden } from "./golden.ts";

interface Forward {
  readonly logits: GoldenTensor;
  readonly loss: number;
  readonly gradients: GoldenTensors;
}
interface Golden {
  readonly config: SwinConfig;
  readonly classes: number;
  readonly shapes: Readonly<Record<string, Shape>>;
  readonly trained: readonly string[];
  readonly decayed: readonly string[];
  readonly labels: readonly number[];
  readonly forward: Forward;
  readonly dropped: Forward & {
    readonly dropPath: number;
    readonly rates: readonly number[];
    readonly keep: Readonly<Record<string, readonly number[]>>;
  };
  readonly training: {
    readonly learningRate: number;
    readonly weightDecay: number;
    readonly losses: readonly number[];
    readonly trainables: GoldenTensors;
  };
}

const golden = readGolden<Golden>("official-swin");
const { config, classes, labels, shapes } = golden;
/** By formula, in the order of the names: norms and scales of norms near 1, everything else near 0. */
const values = new Map(
  Object.keys(shapes)
    .sort()
    .map((name, index): [string, Tensor] => {
      const near = /(\.scale|orm\d?\.weight)$/.test(name) ? 1 : 0;
      const { shape, data } = byFormula(index, shapes[name] ?? []);
      return [name, { shape, data: data.map((one) => one + near) }];
    }),
);
const backbone = swin(config);
const adaptation = rlrr.create({});
const trainables = allTrainables(adaptation, backbone, classes);
const images = byFormula(999, [labels.length, 3, ...config.imageSize]).data;
const targets = Float64Array.from({ length: labels.length * classes }, (_, i) =>
  labels[Math.floor(i / classes)] === i % classes ? 1 / labels.length : 0,
);
const starts = Object.fromEntries(
  trainables.map(({ name }) => [name, Float64Array.from(values.get(name)?.data ?? [])]),
);
const feeds = { ...starts, images: Float64Array.from(images), targets };

/** A merging of patches has no bias, as the base of the official code. */
const frozen = constantsOf(
  new Map([
    ...[...backbone.shapes].map(([name, shape]): [string, Tensor] => [
      name,
      { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) },
    ]),
    ...values,
  ]),
);
const build = (rate: number) =>
  trainGraph({
    ...{ backbone, frozen, adaptation, trainables, classes, batchSize: labels.length },
    drop: { rate, kind: "path" },
  });

/** The worst element's distance, absolute where numbers are small. */
function distance(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  const distances = expected.map(
    (x, i) => Math.abs((actual[i] ?? Number.NaN) - x) / Math.max(1e-2, Math.abs(x)),
  );
  return Math.max(...distances);
}

type Results = Readonly<Record<string, { readonly data: ArrayLike<number> }>>;
function expectSame(results: Results, { logits, loss, gradients }: Forward): void {
  expect(distance(results.logits?.data ?? [], logits.data)).toBeLessThan(1e-6);
  expect(distance(results.loss?.data ?? [], [loss])).toBeLessThan(1e-6);
  for (const [name, { data }] of Object.entries(gradients))
    expect(distance(results[gradientName(name)]?.data ?? [], data), name).toBeLessThan(1e-5);
}

describe("RLRR on a Swin, against the official code", () => {
  it("trains the same tensors and decays the same ones", () => {
    expect(trainables.map(({ name }) => name).sort()).toEqual(golden.trained);
    expect(trainables.flatMap(({ name, decay }) => (decay ? [name] : [])).sort()).toEqual(golden.decayed);
    for (const { name, shape } of trainables) expect(shape, name).toEqual(shapes[name]);
  });

  it("gives its logits, loss and every gradient", () => {
    expectSame(evaluate(build(0).graph, feeds), golden.forward);
  });

  it("drops the same paths at the same rates", () => {
    const { graph, random } = build(golden.dropped.dropPath);
    const masks = random.map((one) => {
      if (one.kind !== "mask") throw new Error(`${one.input.name} is no mask`);
      const site = one.input.name.replace("mask:", "");
      expect(one.rate).toBeCloseTo(golden.dropped.rates[Number.parseInt(site, 10)] ?? Number.NaN, 6);
      expect(one.input.shape).toEqual([labels.length, 1, 1]);
      const kept = golden.dropped.keep[site] ?? [];
      return [one.input.name, Float64Array.from(kept, (keep) => keep / (1 - one.rate))] as const;
    });
    expect(masks.map(([name]) => name.replace("mask:", "")).sort()).toEqual(
      Object.keys(golden.dropped.keep).sort(),
    );
    expectSame(evaluate(graph, { ...feeds, ...Object.fromEntries(masks) }), golden.dropped);
  });

  it("takes the same AdamW steps", () => {
    const { graph } = build(0);
    const { learningRate, weightDecay, losses, trainables: after } = golden.training;
    // In float64, so that five steps differ by rounding of the stored digits alone.
    const state = new Map(
      Object.entries(starts).map(([name, parameter]) => {
        const zeros = () => new Float64Array(parameter.length);
        return [name, { parameter: Float64Array.from(parameter), first: zeros(), second: zeros() }];
      }),
    ) as unknown as Parameters<typeof adamwStep>[1];
    for (const [index, loss] of losses.entries()) {
      const current = Object.fromEntries([...state].map(([name, { parameter }]) => [name, parameter]));
      const results: Results = evaluate(graph, { ...feeds, ...current } as Parameters<typeof evaluate>[1]);
      expect(distance(results.loss?.data ?? [], [loss])).toBeLessThan(1e-6);
      const gradientOf = (name: string) =>
        (results[gradientName(name)]?.data ?? []) as unknown as Float32Array;
      adamwStep(trainables, state, gradientOf, { learningRate, weightDecay, step: index + 1 });
    }
    // k's shift has no gradient but rounding's, which Adam makes as large as any other.
    for (const [name, { data }] of Object.entries(after))
      if (!name.endsWith(".k.shift"))
        expect(distance(state.get(name)?.parameter ?? [], data), name).toBeLessThan(1e-5);
  });
});
