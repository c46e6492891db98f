import { describe, expect, it } from "vitest";
import {
  adaptationOf,
  dataOf,
  expectTrueGradients,
  type Feeds,
  frozenFeeds,
  gradientsOf,
  largest,
  logitsOf,
  startFeeds,
} from "../../test/tiny-methods.ts";
import { adaptedGraph, crossEntropy, tiny } from "../../test/tiny-vit.ts";
import { grad } from "../graph/grad.ts";
import { mul, sum } from "../graph/ops.ts";
import { inOrder, input, type Value } from "../graph/value.ts";
import { backboneOf, modelShapes } from "../model/architectures.ts";
import type { LinearSite } from "../model/backbone.ts";
import { adaptedLayers, trainingLayers } from "./adapted-layers.ts";
import type { Adaptation } from "./method.ts";
import { methods } from "./methods.ts";

const all = ["q", "k", "v", "o", "fc1", "fc2"];
const variants: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
  ...methods.map(({ name }) => [name, {}] as const),
  ["rlrr", { rank: 3 }],
  ["rlrr", { side: "left" }],
  ["rlrr", { side: "right" }],
  ["rlrr", { side: "left", residual: false }],
  ["rlrr", { side: "right", residual: false }],
  ["rlrr", { residual: false }],
  ["lora", { rank: 2, alpha: 3, sites: all }],
  ["vpt-deep", { tokens: 1 }],
  ["adaptformer", { bottleneck: 3, scale: 2 }],
  ["vpt-shallow", { tokens: 1 }],
  ["adapter", { bottleneck: 3, sites: ["attention"] }],
  ["adapter", { bottleneck: 2, sites: ["mlp"], init: "identity" }],
  ["repadapter", { bottleneck: 4, scale: 0.5 }],
  ["repadapter", { bottleneck: 2, sites: ["attention"] }],
  ["convpass", { bottleneck: 3, kernel: "xavier", scale: 0.5 }],
  ["convpass", { bottleneck: 2, sites: ["attention"] }],
  ["adapter-plus", { bottleneck: 3, init: "identity" }],
  ["arc", { bottleneck: 3, sites: ["mlp"], init: "identity" }],
  ["fact-tt", { rank: 3, scale: 2 }],
  ["fact-tk", { rank: 3, scale: 2 }],
];

/** Anywhere but at the start, where parts of a gradient are zero. */
const feedsOf = (adaptation: Adaptation): Feeds => ({
  ...frozenFeeds,
  ...startFeeds(adaptation, { by: 0.3 }),
});

describe("the gradient of every trainable", () => {
  it.each(variants)("is a finite difference's: %s %j", (name, options) => {
    const adaptation = adaptationOf(name, options);
    const { logits, trained } = adaptedGraph({ config: tiny, batch: 2, adaptation });
    const loss = crossEntropy(logits, [2, 0]);
    const inputs = [...trained.values()];
    const gradients = new Map(
      grad(loss, inputs).map((value, at) => [inputs[at] as (typeof inputs)[0], value]),
    );
    expect(gradients.size).toBe(adaptation.trainables(backboneOf(tiny)).length + 2);
    expectTrueGradients({ loss, gradients, feeds: feedsOf(adaptation) });
  });

  it.each(variants)("reaches everything that %s %j trains", (name, options) => {
    const adaptation = adaptationOf(name, options);
    // A key's bias moves every score of a row alike, which softmax does not see.
    for (const [trainable, gradient] of Object.entries(gradientsOf(feedsOf(adaptation), adaptation)))
      if (!/\.k\.(shift|bias)$/.test(trainable)) expect(largest(gradient), trainable).toBeGreaterThan(1e-7);
  });
});

describe("the shortcut of the last block", () => {
  it.each(variants)("gives what the whole block gives: %s %j", (name, options) => {
    const adaptation = adaptationOf(name, options);
    const feeds = feedsOf(adaptation);
    const whole: Adaptation = {
      ...adaptation,
      layers: (trained) => ({ ...adaptation.layers?.(trained), tokenwise: false }),
    };
    expect(logitsOf(feeds, adaptation)).toBeCloseToTensor(logitsOf(feeds, whole), { relative: 1e-12 });
    const [short, long] = [gradientsOf(feeds, adaptation), gradientsOf(feeds, whole)];
    for (const [trainable, gradient] of Object.entries(long))
      expect(short[trainable], trainable).toBeCloseToTensor(gradient, { relative: 1e-9, absolute: 1e-12 });
  });
});

describe("activation form", () => {
  const forms = variants.filter(([name, options]) => adaptationOf(name, options).activation);
  const [some] = backboneOf(tiny).sites.filter(({ name }) => name === "blocks.0.fc1");
  const fc1 = some as LinearSite;
  const offered = forms.filter(
    ([name, options]) =>
      adaptationOf(name, options).activation?.(
        fc1,
        { weight: input("w", [32, 16]), bias: input("b", [32]) },
        (trained) => input(trained, [trained.endsWith(".left") ? 16 : 32]),
      ) !== undefined,
  );

  it("is offered by SSF and by one-sided RLRR", () => {
    expect(offered.map(([name, options]) => `${name} ${JSON.stringify(options)}`)).toEqual([
      "ssf {}",
      'rlrr {"side":"left"}',
      'rlrr {"side":"right"}',
      'rlrr {"side":"left","residual":false}',
      'rlrr {"side":"right","residual":false}',
    ]);
  });

  it.each(offered)("equals the weight form, gradients too: %s %j", (name, options) => {
    const { activation: _, ...weightForm } = adaptationOf(name, options);
    const adaptation = adaptationOf(name, options);
    const feeds = feedsOf(adaptation);
    expect(logitsOf(feeds, adaptation)).toBeCloseToTensor(logitsOf(feeds, weightForm), { relative: 1e-12 });
    const [ours, theirs] = [gradientsOf(feeds, adaptation), gradientsOf(feeds, weightForm)];
    expect(Object.keys(ours)).toEqual(Object.keys(theirs));
    for (const [trainable, gradient] of Object.entries(theirs))
      expect(ours[trainable], trainable).toBeCloseToTensor(gradient, { relative: 1e-9, absolute: 1e-12 });
  });

  /** Matrix products of a site in one training step: forward, and back to its input and to what it trains. */
  function productsOf(adaptation: Adaptation): number {
    const x = input("x", [2, 5, 16]);
    const shapes = new Map(adaptation.trainables(backboneOf(tiny)).map(({ name, shape }) => [name, shape]));
    const trained = new Map([...shapes].map(([name, shape]) => [name, input(name, shape)]));
    const layers = trainingLayers({
      frozen: (name) => input(name, modelShapes(tiny).get(name) ?? []),
      trained: (name) => trained.get(name) as Value,
      adaptation,
    });
    const y = layers.linear(fc1, x);
    const own = [...trained].flatMap(([name, value]) => (name.startsWith("blocks.0.fc1.") ? [value] : []));
    const gradients = grad(sum(mul(y, y), [0, 1, 2]), [x, ...own]);
    // The gradient of a bias, a sum over rows, is a product with one row of ones: none of those meant.
    const isProduct = (value: Value) =>
      value.kind === "op" && /^(linear|gemm|matmul)$/.test(value.op) && value.shape[0] !== 1;
    return inOrder(gradients).filter(isProduct).length;
  }

  it.each(offered)("takes two matrix products where the weight form takes three: %s %j", (name, options) => {
    const { activation: _, ...weightForm } = adaptationOf(name, options);
    expect(productsOf(weightForm)).toBe(3);
    expect(productsOf(adaptationOf(name, options))).toBe(2);
  });
});

describe("layers for prediction", () => {
  it.each(variants)("give what those for training give: %s %j", (name, options) => {
    const adaptation = adaptationOf(name, options);
    const feeds = feedsOf(adaptation);
    const shapes = modelShapes(tiny);
    const inputs = new Map<string, Value>();
    const once = (name: string, shape: readonly number[]) => {
      const value = inputs.get(name) ?? input(name, shape);
      inputs.set(name, value);
      return value;
    };
    const trainables = new Map(adaptation.trainables(backboneOf(tiny)).map((row) => [row.name, row]));
    const layers = adaptedLayers({
      frozen: (name) => once(name, shapes.get(name) ?? []),
      trained: (name) => {
        const row = trainables.get(name);
        if (!row) throw new Error(`nothing named ${name} trains`);
        return once(row.start === "frozen" ? `trained.${name}` : name, row.shape);
      },
      adaptation,
    });
    const { feature } = backboneOf(tiny).forward(input("images", [2, 3, 8, 8]), layers);
    const graph = adaptedGraph({ config: tiny, batch: 2, adaptation });
    const { feature: trainedFeature } = dataOf({ feature: graph.feature }, feeds);
    expect(dataOf({ feature }, feeds).feature).toBeCloseToTensor(trainedFeature as Float64Array, {
      relative: 1e-12,
    });
  });
});
