import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import {
  adaptationOf,
  countOf,
  dataOf,
  frozenFeeds,
  gradientsOf,
  largest,
  logitsOf,
  rowsOf,
  startFeeds,
  vitB16,
} from "../../test/tiny-methods.ts";
import { tiny } from "../../test/tiny-vit.ts";
import { input } from "../graph/value.ts";
import { backboneOf } from "../model/architectures.ts";
import type { NormSite } from "../model/backbone.ts";
import { adaptedLayers } from "./adapted-layers.ts";

const adaptation = adaptationOf("norm");

describe("what LayerNorm tuning trains", () => {
  it("is 4 · D in each of ViT-B/16's 12 blocks, and 2 · D for the last norm", () => {
    expect(countOf(adaptation, vitB16)).toBe(12 * 4 * 768 + 2 * 768);
    expect(countOf(adaptation, vitB16)).toBe(38_400);
  });

  it("names, shapes and decay of one block", () => {
    expect(rowsOf(adaptation)).toEqual([
      "blocks.0.norm1.weight 16",
      "blocks.0.norm1.bias 16",
      "blocks.0.norm2.weight 16",
      "blocks.0.norm2.bias 16",
      "norm.weight 16",
      "norm.bias 16",
    ]);
  });
});

describe("the start of LayerNorm tuning", () => {
  const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };

  it("is the pre-trained model exactly", () => {
    expect(logitsOf(feeds, adaptation)).toEqual(logitsOf(frozenFeeds));
  });

  it("moves", () => {
    for (const [name, gradient] of Object.entries(gradientsOf(feeds, adaptation)))
      expect(largest(gradient), name).toBeGreaterThan(1e-6);
  });
});

describe("a norm of LayerNorm tuning", () => {
  const sites = backboneOf(tiny).sites;
  const layers = adaptedLayers({
    frozen: (name) => input(name, []),
    trained: (name) => input(`trained.${name}`, [16]),
    adaptation,
  });

  it("is (x - mean) / std ⊙ w' + b'", () => {
    const site = sites.find(({ name }) => name === "blocks.0.norm2") as NormSite;
    const feeds = {
      x: Float64Array.from(randomNumbers(2 * 3 * 16, { seed: 1 })),
      "trained.blocks.0.norm2.weight": Float64Array.from(randomNumbers(16, { seed: 2 })),
      "trained.blocks.0.norm2.bias": Float64Array.from(randomNumbers(16, { seed: 3 })),
    };
    const y = layers.norm(site, input("x", [2, 3, 16]));
    const expected = Array.from(feeds.x, (x, at) => {
      const row = feeds.x.slice(at - (at % 16), at - (at % 16) + 16);
      const mean = row.reduce((sum, one) => sum + one, 0) / 16;
      const variance = row.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 16;
      const [w, b] = ["weight", "bias"].map(
        (part) =>
          (feeds as Record<string, Float64Array>)[`trained.blocks.0.norm2.${part}`]?.[at % 16] as number,
      ) as [number, number];
      return ((x - mean) / Math.sqrt(variance + site.epsilon)) * w + b;
    });
    // epsilon is float32 in the graph
    expect(dataOf({ y }, feeds).y).toBeCloseToTensor(expected, { relative: 1e-8 });
  });

  it("leaves matrices and patches as they are", () => {
    for (const site of sites)
      if (site.kind === "linear" || site.kind === "embed")
        expect(layers.matrix(site)?.weight).toMatchObject({ name: `${site.name}.weight` });
  });
});
