import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import {
  adaptationOf,
  dataOf,
  expectTrueGradients,
  type Feeds,
  frozenFeeds,
  startFeeds,
} from "../../test/tiny-methods.ts";
import { namedInputs, randomWeights, tiny } from "../../test/tiny-vit.ts";
import { allTrainables } from "../adapter/head.ts";
import { sizeOf } from "../formats/tensor.ts";
import { toOnnxModel } from "../graph/onnx.ts";
import { type Graph, type InputValue, input, inputsOf, type Value } from "../graph/value.ts";
import { trainingLayers } from "../methods/adapted-layers.ts";
import { backboneOf } from "../model/architectures.ts";
import type { LinearSite } from "../model/backbone.ts";
import { gradientName, type TrainGraph, trainGraph } from "./train-graph.ts";

const backbone = backboneOf(tiny);
const [batchSize, classes] = [2, 3];
const noDrop = { rate: 0, kind: "element" } as const;
const shapes = new Map([...randomWeights(tiny)].map(([name, { shape }]) => [name, shape]));
type Row = readonly [name: string, options: Readonly<Record<string, unknown>>];
const methods: readonly Row[] = [
  ["rlrr", {}],
  ["rlrr", { side: "left" }],
  ["lora", { rank: 2 }],
  ["ssf", {}],
  ["full", {}],
  ["vpt-deep", { tokens: 2 }],
  ["adaptformer", { bottleneck: 3 }],
];

type Settings = Pick<Parameters<typeof trainGraph>[0], "consistency" | "recompute"> &
  Partial<Pick<Parameters<typeof trainGraph>[0], "drop">>;

function build([name, options]: Row, { consistency, drop = noDrop, recompute }: Settings): TrainGraph {
  const adaptation = adaptationOf(name, options);
  const inputs = namedInputs();
  const trainables = allTrainables(adaptation, backbone, classes);
  // Frozen weights have names of their own, since `full` trains weights under the same ones.
  const frozen = (weight: string) => inputs(`frozen:${weight}`, shapes.get(weight) ?? []);
  return trainGraph({
    backbone,
    frozen,
    adaptation,
    trainables,
    classes,
    batchSize,
    drop,
    consistency,
    recompute,
  });
}

/** Targets of labels 2 and 0, each half of the batch. */
const targets = Float64Array.of(0, 0, 0.5, 0.5, 0, 0);

/** Everything that a graph is fed, random inputs near 1. */
function feedsOf({ graph, random }: TrainGraph, [name, options]: Row): Record<string, Float64Array> {
  const started = startFeeds(adaptationOf(name, options), { by: 0.3 });
  const trained = Object.entries(started).map(
    ([key, data]) => [key.replace(/^trained\./, ""), data] as const,
  );
  const frozen = Object.entries(frozenFeeds).map(([key, data]) => [`frozen:${key}`, data] as const);
  const drawn = random.map(({ input: { name: key, shape } }, index) => {
    const data = randomNumbers(sizeOf(shape), { seed: 300 + index, low: 0.2, high: 1.8 });
    return [key, Float64Array.from(data)] as const;
  });
  const { images, "head.weight": weight, "head.bias": bias } = frozenFeeds as Record<string, Float64Array>;
  const all: Record<string, Float64Array | undefined> = {
    ...Object.fromEntries([...frozen, ...trained, ...drawn]),
    ...{ images, targets, "head.weight": weight, "head.bias": bias },
  };
  const needed = [...inputsOf(graph).keys()].map((key) => {
    const data = all[key];
    if (!data) throw new Error(`nothing is fed as ${key}`);
    return [key, data] as const;
  });
  return Object.fromEntries(needed);
}

const lossOf = ({ outputs }: Graph, feeds: Feeds): number =>
  dataOf({ loss: outputs.loss as Value }, feeds).loss?.[0] as number;

describe("recomputing blocks", () => {
  it.each(methods)("changes no output: %s %j", (...method) => {
    const drop = { rate: 0.3, kind: "element" } as const;
    const kept = build(method, { consistency: undefined, drop });
    const again = build(method, { consistency: undefined, drop, recompute: true });
    const feeds = feedsOf(kept, method);
    const expected = dataOf(kept.graph.outputs, feeds);
    const found = dataOf(again.graph.outputs, feeds);
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [name, data] of Object.entries(expected))
      expect(found[name], name).toBeCloseToTensor(data, { relative: 1e-12, absolute: 1e-15 });
  });

  it("writes what the first of two blocks computes twice", () => {
    const count = (recompute: boolean) => {
      const { graph } = build(["rlrr", {}], { consistency: undefined, recompute });
      return toOnnxModel(graph).nodes.filter(({ type }) => type === "Gelu").length;
    };
    expect([count(false), count(true)]).toEqual([2, 3]);
  });
});

/** λ is exact in float32, which constants of a graph are. */
const noisy = { weight: 0.75, noise: 0.5 };

describe("consistency without noise", () => {
  it.each(methods)("is plain training, dropout and all: %s %j", (...method) => {
    const drop = { rate: 0.3, kind: "element" } as const;
    const plain = build(method, { consistency: undefined, drop });
    const twice = build(method, { consistency: { weight: 0.7, noise: 0 }, drop });
    const feeds = feedsOf(plain, method);
    // the same masks fit: both passes drop the same
    const expected = dataOf(plain.graph.outputs, feeds);
    const found = dataOf(twice.graph.outputs, feeds);
    expect(Object.keys(found)).toEqual(Object.keys(expected));
    for (const [name, data] of Object.entries(expected))
      expect(found[name], name).toBeCloseToTensor(data, { relative: 1e-12, absolute: 1e-15 });
  });
});

describe("consistency with noise", () => {
  it.each(methods)("has the true gradient of every trainable: %s %j", (...method) => {
    const made = build(method, { consistency: noisy });
    const inputs = [...inputsOf(made.graph)].filter(([name]) => made.graph.outputs[gradientName(name)]);
    const gradients = new Map(
      inputs.map(([name, value]) => [value as InputValue, made.graph.outputs[gradientName(name)] as Value]),
    );
    expect(gradients.size).toBe(allTrainables(adaptationOf(...method), backbone, classes).length);
    expectTrueGradients({ loss: made.graph.outputs.loss as Value, gradients, feeds: feedsOf(made, method) });
  });

  it.each(methods)("is cross-entropy and λ · mean ‖difference‖² of two passes: %s %j", (...method) => {
    const made = build(method, { consistency: noisy });
    const feeds = feedsOf(made, method);
    const first = passLogits(method, made, { feeds, pass: 0 });
    const second = passLogits(method, made, { feeds, pass: 1 });
    const rows = [0, 1].map((row) =>
      [first, second].map((logits) => [...logits.slice(3 * row, 3 * row + 3)]),
    );
    const losses = rows.map(([mine = [], other = []], row) => {
      const label = [2, 0][row] as number;
      const entropy = Math.log(mine.reduce((sum, x) => sum + Math.exp(x), 0)) - (mine[label] as number);
      const distance = mine.reduce((sum, x, i) => sum + (x - (other[i] as number)) ** 2, 0);
      expect(distance).toBeGreaterThan(1e-6);
      return entropy + noisy.weight * distance;
    });
    expect(lossOf(made.graph, feeds)).toBeCloseTo(losses.reduce((a, b) => a + b, 0) / 2, 10);
    // and the first pass alone answers
    expect(dataOf({ logits: made.graph.outputs.logits as Value }, feeds).logits).toBeCloseToTensor(first, {
      relative: 1e-12,
    });
  });

  it.each(methods)("ignores padding rows: %s %j", (...method) => {
    const made = build(method, { consistency: noisy });
    const feeds: Feeds = { ...feedsOf(made, method), targets: Float64Array.of(0, 0, 1, 0, 0, 0) };
    const images = (feeds.images as Float64Array).map((x, i) => (i < 192 ? x : -x));
    const other = dataOf(made.graph.outputs, { ...feeds, images });
    for (const [name, data] of Object.entries(dataOf(made.graph.outputs, feeds)))
      if (name !== "logits")
        expect(other[name], name).toBeCloseToTensor(data, { relative: 1e-12, absolute: 1e-15 });
  });

  it("makes each random input once, where a branch is both dropped and noisy", () => {
    const made = build(["adaptformer", { bottleneck: 3 }], {
      consistency: noisy,
      drop: { rate: 0.3, kind: "element" },
    });
    const names = made.random.map(({ input: { name } }) => name);
    // the first block has a drop rate of 0
    expect(names.sort()).toEqual([
      "mask:1.attention",
      "mask:1.mlp",
      "noise:blocks.0.mlp",
      "noise:blocks.1.mlp",
    ]);
  });

  it("grows weaker from block to block, over no block more than it should", () => {
    const { random } = build(["lora", { rank: 2 }], { consistency: noisy });
    expect(
      Object.fromEntries(random.map((one) => [one.input.name, one.kind === "noise" ? one.std : undefined])),
    ).toEqual({
      "noise:blocks.0.q": 0.5,
      "noise:blocks.0.v": 0.5,
      "noise:blocks.1.q": 0.25,
      "noise:blocks.1.v": 0.25,
    });
    expect(random[0]?.input.shape).toEqual([2 * batchSize, 1, 16]);
  });
});

/** The logits of one of the two passes, by the layers alone with the noise that belongs to it. */
function passLogits(
  [name, options]: Row,
  { random }: TrainGraph,
  { feeds, pass }: { feeds: Feeds; pass: number },
): Float64Array {
  const adaptation = adaptationOf(name, options);
  const inputs = namedInputs();
  const trained = new Map(allTrainables(adaptation, backbone, classes).map((row) => [row.name, row.shape]));
  const noise = ({ name: site, out }: { name: string; out: number }) =>
    inputs(`noise:${site}`, [batchSize, 1, out]);
  const trainedValue = (key: string) => inputs(key, trained.get(key) ?? []);
  const frozen = (key: string) => inputs(`frozen:${key}`, shapes.get(key) ?? []);
  const layers = trainingLayers({ frozen, trained: trainedValue, adaptation, noise });
  const { feature } = backbone.forward(inputs("images", [batchSize, 3, 8, 8]), layers);
  const halves = random.map(({ input: { name: key } }) => {
    const data = feeds[key] as Float64Array;
    return [key, data.slice((pass * data.length) / 2, ((pass + 1) * data.length) / 2)] as const;
  });
  const { feature: rows } = dataOf({ feature }, { ...feeds, ...Object.fromEntries(halves) });
  const at = (key: string, i: number) => (feeds[key] as Float64Array)[i] as number;
  return Float64Array.from({ length: batchSize * classes }, (_, i) => {
    const [row, label] = [Math.floor(i / classes), i % classes];
    const width = tiny.width;
    return Array.from({ length: width }, (_, k) => (rows as Float64Array)[row * width + k] as number).reduce(
      (sum, x, k) => sum + x * at("head.weight", label * width + k),
      at("head.bias", label),
    );
  });
}

describe("a noisy layer", () => {
  const site = (name: string) => backbone.sites.find((one) => one.name === name) as LinearSite;

  it("is frozen(x) + z ⊙ (adapted(x) - frozen(x))", () => {
    const inputs = namedInputs();
    const adaptation = adaptationOf("lora", { rank: 1, sites: ["q"] });
    const q = site("blocks.0.q");
    const layers = trainingLayers({
      adaptation,
      frozen: (name) => inputs(name, shapes.get(name) ?? []),
      trained: (name) => inputs(name, name.endsWith("_a") ? [1, 16] : [16, 1]),
      noise: () => inputs("z", [1, 1, 16]),
    });
    const draw = (count: number, seed: number) => Float64Array.from(randomNumbers(count, { seed }));
    const [x, z, a, b] = [draw(32, 1), draw(16, 2), draw(16, 3), draw(16, 4)];
    const { "blocks.0.q.weight": w, "blocks.0.q.bias": bias } = frozenFeeds as Record<string, Float64Array>;
    if (!w || !bias) throw new Error("no weights");
    const feeds = {
      x,
      z,
      "blocks.0.q.weight": w,
      "blocks.0.q.bias": bias,
      "blocks.0.q.lora_a": a,
      "blocks.0.q.lora_b": b,
    };
    const { y } = dataOf({ y: layers.linear(q, input("x", [1, 2, 16])) }, feeds);
    const expected = Array.from({ length: 32 }, (_, i) => {
      const [token, row] = [Math.floor(i / 16), i % 16];
      const row_x = x.slice(token * 16, token * 16 + 16);
      const frozen = row_x.reduce(
        (sum, value, k) => sum + value * (w[row * 16 + k] as number),
        bias[row] as number,
      );
      // alpha / rank is 8
      const added =
        8 * (b[row] as number) * row_x.reduce((sum, value, k) => sum + value * (a[k] as number), 0);
      return frozen + (z[row] as number) * added;
    });
    expect(y).toBeCloseToTensor(expected, { relative: 1e-12 });
  });

  it.each([
    [["q"], true, true],
    [["k"], false, true],
    [["v"], true, false],
    [["k", "v"], false, false],
  ])("is no matrix to reorder products around; noise on %j", (sites, k, v) => {
    const layers = trainingLayers({
      adaptation: adaptationOf("lora", { sites }),
      frozen: (name) => input(name, shapes.get(name) ?? []),
      trained: (name) => input(name, name.endsWith("_a") ? [8, 16] : [16, 8]),
      noise: ({ name, out }) => input(`noise:${name}`, [4, 1, out]),
    });
    const isMatrix = (name: string) => layers.matrix(site(name)) !== undefined;
    expect([isMatrix("blocks.1.k"), isMatrix("blocks.1.v")]).toEqual([k, v]);
  });
});
