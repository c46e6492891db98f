/** The method against the official code's own numbers: logits, loss, gradients, a hundred AdamW steps, dropout. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allTrainables } from "../src/adapter/head.ts";
import { openEngine } from "../src/engine/open-engine.ts";
import { evaluate } from "../src/engine/reference.ts";
import type { Array64 } from "../src/engine/reference-kernels.ts";
import type { Tensor } from "../src/formats/tensor.ts";
import { rlrr } from "../src/methods/rlrr.ts";
import { backboneOf } from "../src/model/architectures.ts";
import type { VitConfig } from "../src/model/vit.ts";
import { constantsOf } from "../src/model/weight-constants.ts";
import { adamwStep } from "../src/train/adamw.ts";
import { gradientName, trainGraph } from "../src/train/train-graph.ts";

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
type Named = Readonly<Record<string, Numbers>>;
interface Golden {
  readonly config: VitConfig;
  readonly classes: number;
  readonly base: Named;
  readonly trainables: Named;
  readonly decayed: readonly string[];
  readonly images: Numbers;
  readonly labels: readonly number[];
  readonly forward: { readonly logits: Numbers; readonly loss: number; readonly gradients: Named };
  readonly training: {
    readonly learningRate: number;
    readonly weightDecay: number;
    /** The first of them. */
    readonly steps: readonly { readonly loss: number; readonly trainables: Named }[];
    readonly losses: readonly number[];
    readonly logitsAfter: Numbers;
  };
  readonly dropped: {
    readonly dropPath: number;
    readonly rates: readonly number[];
    readonly keep: Named;
    readonly logits: Numbers;
    readonly loss: number;
    readonly gradients: Named;
  };
}

const golden = JSON.parse(
  readFileSync(new URL("golden/official-rlrr.json", import.meta.url), "utf8"),
) as Golden;
const tensor = ({ shape, data }: Numbers): Tensor => ({ shape, data: Float32Array.from(data) });
const frozen = constantsOf(
  new Map(Object.entries(golden.base).map(([name, numbers]) => [name, tensor(numbers)])),
);
const backbone = backboneOf(golden.config);
const adaptation = rlrr.create({});
const trainables = allTrainables(adaptation, backbone, golden.classes);
const batch = golden.labels.length;

const build = (rate: number) =>
  trainGraph({
    backbone,
    frozen,
    adaptation,
    trainables,
    classes: golden.classes,
    batchSize: batch,
    drop: { rate, kind: "element" },
  });

/** One-hot rows over the batch size: the mean. */
const targets = Float64Array.from({ length: batch * golden.classes }, (_, i) =>
  golden.labels[Math.floor(i / golden.classes)] === i % golden.classes ? 1 / batch : 0,
);
const numbersOf = (named: Named) =>
  Object.fromEntries(Object.entries(named).map(([name, { data }]) => [name, Float64Array.from(data)]));
const feeds = { ...numbersOf(golden.trainables), images: Float64Array.from(golden.images.data), targets };

/** The worst element's distance, absolute where numbers are small. */
function distance(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return expected.reduce(
    (worst, x, i) => Math.max(worst, Math.abs((actual[i] ?? Number.NaN) - x) / Math.max(1e-2, Math.abs(x))),
    0,
  );
}

function expectSame(
  results: Readonly<Record<string, { readonly data: ArrayLike<number> }>>,
  expected: Golden["forward"],
  tolerance: number,
): void {
  expect(distance(results.logits?.data ?? [], expected.logits.data)).toBeLessThan(tolerance);
  expect(distance(results.loss?.data ?? [], [expected.loss])).toBeLessThan(tolerance);
  for (const [name, { data }] of Object.entries(expected.gradients))
    expect(distance(results[gradientName(name)]?.data ?? [], data), name).toBeLessThan(tolerance);
}

describe("RLRR against the official code", () => {
  it("trains the same tensors and decays the same ones", () => {
    expect(trainables.map(({ name }) => name).sort()).toEqual(Object.keys(golden.trainables).sort());
    expect(trainables.flatMap(({ name, decay }) => (decay ? [name] : [])).sort()).toEqual(
      [...golden.decayed].sort(),
    );
  });

  it("gives its logits, loss and every gradient, in float64 with float32 weights", () => {
    expectSame(evaluate(build(0).graph, feeds), golden.forward, 1e-5);
  });

  it("gives them in ONNX Runtime's float32 too", async () => {
    const engine = await openEngine();
    const session = await engine.compile(build(0).graph);
    const singles = Object.fromEntries(
      Object.entries(feeds).map(([name, data]) => [name, Float32Array.from(data)]),
    );
    const outputs = await session.run(singles);
    await engine.close();
    const results = Object.fromEntries(Object.entries(outputs).map(([name, data]) => [name, { data }]));
    expectSame(results, golden.forward, 2e-3);
  });

  it("puts dropout where it does", () => {
    const { keep, rates } = golden.dropped;
    const { graph, random } = build(golden.dropped.dropPath);
    const drawn = random.map((one) => {
      if (one.kind !== "mask") throw new Error(`${one.input.name} is no mask`);
      const { input, rate } = one;
      const [, block = "", branch = ""] = /^mask:(\d+)\.(.*)$/.exec(input.name) ?? [];
      expect(rate).toBeCloseTo(rates[Number(block)] ?? Number.NaN, 12);
      const kept = tensor(keep[`blocks.${block}.${branch}`] ?? { shape: [], data: [] });
      return [input.name, forMask(kept, input.shape).map((one) => one / (1 - rate))] as const;
    });
    expectSame(evaluate(graph, { ...feeds, ...Object.fromEntries(drawn) }), golden.dropped, 1e-5);
  });

  it("takes the same AdamW steps", () => {
    const { graph } = build(0);
    const { learningRate, weightDecay, steps, losses, logitsAfter } = golden.training;
    const start = numbersOf(golden.trainables);
    // float64 state, so that steps differ by rounding of the stored digits alone
    const state = new Map(
      trainables.map(({ name }) => {
        const parameter = start[name] ?? new Float64Array();
        return [
          name,
          {
            parameter,
            first: new Float64Array(parameter.length),
            second: new Float64Array(parameter.length),
          },
        ];
      }),
    ) as unknown as Parameters<typeof adamwStep>[1];
    const results = (): Record<string, Array64> => {
      const current = Object.fromEntries([...state].map(([name, { parameter }]) => [name, parameter]));
      return evaluate(graph, { ...feeds, ...current } as Parameters<typeof evaluate>[1]);
    };
    expect(losses).toHaveLength(100);
    for (const [index, loss] of losses.entries()) {
      const now = results();
      expect(distance(now.loss?.data ?? [], [loss]), `step ${index + 1}`).toBeLessThan(1e-6);
      const gradientOf = (name: string) => (now[gradientName(name)]?.data ?? []) as unknown as Float32Array;
      adamwStep(trainables, state, gradientOf, { learningRate, weightDecay, step: index + 1 });
      // k's shift has no gradient but rounding's, which Adam makes as large as any other
      for (const [name, { data }] of Object.entries(steps[index]?.trainables ?? {}))
        if (!name.endsWith(".k.shift"))
          expect(distance(state.get(name)?.parameter ?? [], data), name).toBeLessThan(1e-5);
    }
    expect(steps).toHaveLength(5);
    expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 30);
    expect(distance(results().logits?.data ?? [], logitsAfter.data)).toBeLessThan(1e-5);
  });
});

/** The last block keeps CLS alone, the first of the official mask's tokens. */
function forMask({ shape, data }: Tensor, to: readonly number[]): Float64Array {
  const [rows = 0, tokens = 0, width = 0] = shape;
  if (to[1] === tokens) return Float64Array.from(data);
  return Float64Array.from(
    { length: rows * width },
    (_, i) => data[Math.floor(i / width) * tokens * width + (i % width)] ?? Number.NaN,
  );
}
