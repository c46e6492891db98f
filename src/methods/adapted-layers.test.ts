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
import { productFlops } from "../graph/flops.ts";
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
  ["rlrr", { residual: false, rank: 2 }],
  ["lora", { rank: 2, alpha: 3, sites: all }],
  ["vpt-deep", { tokens: 1 }],
  ["adaptformer", { bottleneck: 3, scale: 2 }],
  ["dora", { rank: 2, alpha: 3, sites: all }],
  ["hta", { rank: 0 }],
  ["hta", { rank: 3, sites: ["q", "v"] }],
  ["apla", { columns: 0 }],
  ["apla", { columns: 3, columnSeed: 5 }],
  ["oft", { blockSize: 4 }],
  ["oft", { blockSize: 5, sites: ["fc1", "fc2"] }],
  ["hyperadapt", { sites: ["q", "fc2"] }],
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

/** Methods whose gradients take a part of the forward pass as a constant, as published. */
const constantParts = ["dora"];

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
    const held = constantParts.includes(name);
    expectTrueGradients({ loss, gradients, feeds: feedsOf(adaptation) }, { held });
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
  const offered = variants.filter(([name, options]) => siteOf(adaptationOf(name, options)));

  /** The first matrix where a method offers it. */
  function siteOf(adaptation: Adaptation): LinearSite | undefined {
    const { sites } = backboneOf(tiny);
    const trained = inputsOf(adaptation);
    const linear = sites.flatMap((site) => (site.kind === "linear" ? [site] : []));
    return linear.find((site) =>
      adaptation.activation?.(
        site,
        { weight: input("w", [site.out, site.in]), bias: input("b", [site.out]) },
        (name) => trained.get(name) as Value,
      ),
    );
  }

  function inputsOf(adaptation: Adaptation): ReadonlyMap<string, Value> {
    const rows = adaptation.trainables(backboneOf(tiny));
    return new Map(rows.map(({ name, shape }) => [name, input(name, shape)]));
  }

  it("is offered where it is cheaper", () => {
    expect(offered.map(([name, options]) => `${name} ${JSON.stringify(options)}`)).toEqual([
      ...["ssf", "hta", "apla", "oft", "hyperadapt"].map((name) => `${name} {}`),
      'rlrr {"side":"left"}',
      'rlrr {"side":"right"}',
      'rlrr {"side":"left","residual":false}',
      'rlrr {"side":"right","residual":false}',
      'hta {"rank":0}',
      'hta {"rank":3,"sites":["q","v"]}',
      'apla {"columns":3,"columnSeed":5}',
      'oft {"blockSize":4}',
      'oft {"blockSize":5,"sites":["fc1","fc2"]}',
      'hyperadapt {"sites":["q","fc2"]}',
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

  /** Products with a whole matrix in one training step of a site: forward, and back to its input and to what it trains. */
  function productsOf(adaptation: Adaptation, site: LinearSite): number {
    const x = input("x", [2, 5, site.in]);
    const trained = inputsOf(adaptation);
    const layers = trainingLayers({
      frozen: (name) => input(name, modelShapes(tiny).get(name) ?? []),
      trained: (name) => trained.get(name) as Value,
      adaptation,
    });
    const y = layers.linear(site, x);
    const own = [...trained].flatMap(([name, value]) => (name.startsWith(`${site.name}.`) ? [value] : []));
    const gradients = grad(sum(mul(y, y), [0, 1, 2]), [x, ...own]);
    // Stacks of small products, of blocks of a matrix, are matmul.
    const whole = 2 * 10 * site.in * site.out;
    return inOrder(gradients).filter(
      (value) => value.kind === "op" && value.op !== "matmul" && productFlops(value) === whole,
    ).length;
  }

  it.each(offered)("takes two matrix products where the weight form takes three: %s %j", (name, options) => {
    const { activation: _, ...weightForm } = adaptationOf(name, options);
    const adaptation = adaptationOf(name, options);
    const site = siteOf(adaptation) as LinearSite;
    expect(productsOf(weightForm, site)).toBe(3);
    expect(productsOf(adaptation, site)).toBe(2);
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
