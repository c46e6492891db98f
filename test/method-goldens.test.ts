/** Every method against its authors' own numbers: logits, loss, gradients, decay groups and AdamW steps. */

import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allTrainables } from "../src/adapter/head.ts";
import { grad } from "../src/graph/grad.ts";
import type { Value } from "../src/graph/value.ts";
import { methods } from "../src/methods/methods.ts";
import { backboneOf } from "../src/model/architectures.ts";
import type { VitConfig } from "../src/model/vit.ts";
import { adamwStep } from "../src/train/adamw.ts";
import { gradientName } from "../src/train/train-graph.ts";
import { feedsOf, type GoldenTensor, type GoldenTensors, readGolden } from "./golden.ts";
import { adaptationOf, dataOf, type Feeds, largest } from "./tiny-methods.ts";
import { adaptedGraph, crossEntropy } from "./tiny-vit.ts";

/** What all of them share. */
interface Base {
  readonly config: VitConfig;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly labels: readonly number[];
  readonly images: GoldenTensor;
  readonly weights: GoldenTensors;
}

interface MethodGolden {
  readonly madeBy: string;
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly decayed: readonly string[];
  readonly start: GoldenTensors;
  /** Trainables whose gradient is rounding's alone, which Adam makes as large as any other. */
  readonly withoutGradient: readonly string[];
  readonly logits: GoldenTensor;
  readonly loss: number;
  readonly gradients: GoldenTensors;
  readonly steps: readonly { readonly loss: number; readonly trainables: GoldenTensors }[];
}

/** Methods without such a file, and why. */
const without: Readonly<Record<string, string>> = {
  rlrr: "official.test.ts compares it with the official code, dropout too",
  linear: "trains the head alone",
  wise: "trains what full trains; blend.test.ts has what it keeps",
};

const base = readGolden<Base>("methods/base");
const names = readdirSync(new URL("golden/methods", import.meta.url))
  .map((file) => file.replace(/\.json$/, ""))
  .filter((name) => name !== "base")
  .sort();
const goldens = names.map((name) => [name, readGolden<MethodGolden>(`methods/${name}`)] as const);
const backbone = backboneOf(base.config);

it("has a file of every method but those that say why not", () => {
  const have = new Set(goldens.map(([, { method }]) => method));
  const missing = methods.flatMap(({ name }) => (have.has(name) ? [] : [name]));
  expect(missing.sort()).toEqual(Object.keys(without).sort());
});

describe.each(goldens)("%s", (_name, golden) => {
  const adaptation = adaptationOf(golden.method, golden.options);
  const trainables = allTrainables(adaptation, backbone, base.config.classes);
  /** A trainable that starts from a frozen weight is another input than that weight. */
  const inputNames = new Map(
    trainables.map(({ name, start }) => [name, start === "frozen" ? `trained.${name}` : name]),
  );
  const inputName = (name: string) => inputNames.get(name) ?? name;
  const { logits, trained } = adaptedGraph({ config: base.config, batch: base.labels.length, adaptation });
  const loss = crossEntropy(logits, base.labels);
  const gradients = grad(loss, [...trained.values()]);
  const outputs = {
    logits,
    loss,
    ...Object.fromEntries([...trained.keys()].map((name, i) => [gradientName(name), gradients[i] as Value])),
  };
  const frozen = { ...feedsOf(base.weights), images: Float64Array.from(base.images.data) };
  const run = (values: Feeds) =>
    dataOf(outputs, {
      ...frozen,
      ...Object.fromEntries(Object.entries(values).map(([name, data]) => [inputName(name), data])),
    });
  const head = Object.fromEntries(
    ["head.weight", "head.bias"].map((name) => [name, base.weights[name] as GoldenTensor]),
  );
  const start = { ...golden.start, ...head };

  it("trains the same tensors, and decays the same ones", () => {
    expect(Object.fromEntries(trainables.map(({ name, shape }) => [name, shape]))).toEqual(
      Object.fromEntries(Object.entries(start).map(([name, { shape }]) => [name, shape])),
    );
    expect(trainables.flatMap(({ name, decay }) => (decay ? [name] : [])).sort()).toEqual(
      [...golden.decayed].sort(),
    );
  });

  it("gives the same logits, loss and every gradient", () => {
    const results = run(feedsOf(start));
    expect(results.logits).toBeCloseToTensor(golden.logits.data, { relative: 1e-7 });
    expect(results.loss).toBeCloseToTensor([golden.loss], { relative: 1e-7 });
    expect(Object.keys(golden.gradients).sort()).toEqual(Object.keys(start).sort());
    for (const [name, { data }] of Object.entries(golden.gradients))
      if (golden.withoutGradient.includes(name))
        expect(largest(results[gradientName(name)]), name).toBeLessThan(1e-8);
      else expect(results[gradientName(name)], name).toBeCloseToTensor(data, { relative: 1e-6 });
  });

  it("takes the same AdamW steps", () => {
    // float64, so that the steps differ by rounding of the stored digits alone
    const state = new Map(
      Object.entries(feedsOf(start)).map(([name, parameter]) => [
        name,
        {
          parameter,
          first: new Float64Array(parameter.length),
          second: new Float64Array(parameter.length),
        },
      ]),
    );
    const { learningRate, weightDecay } = base;
    golden.steps.forEach((expected, index) => {
      const results = run(Object.fromEntries([...state].map(([name, { parameter }]) => [name, parameter])));
      expect(results.loss).toBeCloseToTensor([expected.loss], { relative: 1e-6 });
      adamwStep(
        trainables,
        state as unknown as Parameters<typeof adamwStep>[1],
        (name) => results[gradientName(name)] as unknown as Float32Array,
        { learningRate, weightDecay, step: index + 1 },
      );
      for (const [name, { data }] of Object.entries(expected.trainables))
        if (!golden.withoutGradient.includes(name))
          expect(state.get(name)?.parameter ?? [], name).toBeCloseToTensor(data, {
            relative: 1e-6,
            absolute: 1e-6,
          });
    });
  });
});
