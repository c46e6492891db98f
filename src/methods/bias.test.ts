import { describe, expect, it } from "vitest";
import {
  adaptationOf,
  countOf,
  frozenFeeds,
  gradientsOf,
  largest,
  logitsOf,
  rowsOf,
  startFeeds,
  vitB16,
} from "../../test/tiny-methods.ts";
import { input } from "../graph/value.ts";
import { backboneOf } from "../model/architectures.ts";

const adaptation = adaptationOf("bias");

describe("what BitFit trains", () => {
  it("is 11 · D in each of ViT-B/16's 12 blocks, and D for the patches and the last norm", () => {
    expect(countOf(adaptation, vitB16)).toBe(12 * 11 * 768 + 2 * 768);
    expect(countOf(adaptation, vitB16)).toBe(102_912);
  });

  it("is every bias that the backbone has", () => {
    const { shapes } = backboneOf(vitB16);
    expect(adaptation.trainables(backboneOf(vitB16)).map(({ name }) => name)).toEqual(
      [...shapes.keys()].filter((name) => name.endsWith(".bias")),
    );
  });

  it("names, shapes and decay of one block", () => {
    expect(rowsOf(adaptation)).toEqual([
      "patch.bias 16",
      "blocks.0.norm1.bias 16",
      "blocks.0.q.bias 16",
      "blocks.0.k.bias 16",
      "blocks.0.v.bias 16",
      "blocks.0.o.bias 16",
      "blocks.0.norm2.bias 16",
      "blocks.0.fc1.bias 32",
      "blocks.0.fc2.bias 16",
      "norm.bias 16",
    ]);
  });
});

describe("the start of BitFit", () => {
  const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };

  it("is the pre-trained model exactly", () => {
    expect(logitsOf(feeds, adaptation)).toEqual(logitsOf(frozenFeeds));
  });

  it("moves, but for a key's bias, which moves every score of a row alike", () => {
    for (const [name, gradient] of Object.entries(gradientsOf(feeds, adaptation)))
      if (name.endsWith(".k.bias")) expect(largest(gradient), name).toBeLessThan(1e-12);
      else expect(largest(gradient), name).toBeGreaterThan(1e-6);
  });
});

describe("a site of BitFit", () => {
  it.each(["blocks.0.fc1", "blocks.0.norm2", "patch"])(
    "keeps the weight of %s and takes another bias",
    (name) => {
      const site = backboneOf(vitB16).sites.find((one) => one.name === name);
      if (!site || site.kind === "branch") throw new Error("no such site");
      const frozen = { weight: input("w", [site.out, site.in]), bias: input("b", [site.out]) };
      const another = input("another", [site.out]);
      const asked: string[] = [];
      const made = adaptation.weight?.(site, frozen, (trained) => {
        asked.push(trained);
        return another;
      });
      expect(made?.weight).toBe(frozen.weight);
      expect(made?.bias).toBe(another);
      expect(asked).toEqual([`${name}.bias`]);
    },
  );
});
