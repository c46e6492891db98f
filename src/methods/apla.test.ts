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
import { randomStream } from "../random.ts";

describe("what APLA trains", () => {
  it.each([
    // r · (D + 1) in each block
    ["8 columns, as the authors' script", {}, 12 * 8 * 769],
    ["128 columns, theirs for ImageNet", { columns: 128 }, 12 * 128 * 769],
    ["all", { columns: 0 }, 12 * 768 * 769],
    ["as many as there are", { columns: 1000 }, 12 * 768 * 769],
  ])("%s of ViT-B/16", (_name, options, count) => {
    expect(countOf(adaptationOf("apla", options), vitB16)).toBe(count);
  });

  it("counts 73,824 in ViT-B/16", () => {
    expect(countOf(adaptationOf("apla"), vitB16)).toBe(73_824);
  });

  it("names, shapes and decay of one block", () => {
    expect(rowsOf(adaptationOf("apla", { columns: 3 }))).toEqual([
      "blocks.0.o.columns.weight 3,16 decayed",
      "blocks.0.o.columns.bias 3",
    ]);
    expect(rowsOf(adaptationOf("apla", { columns: 0 }))).toEqual([
      "blocks.0.o.weight 16,16 decayed",
      "blocks.0.o.bias 16",
    ]);
  });
});

describe("the start of APLA", () => {
  it.each([{}, { columns: 3 }, { columns: 0 }])("is the pre-trained model exactly, %j", (options) => {
    const adaptation = adaptationOf("apla", options);
    const { activation: _, ...weightForm } = adaptation;
    const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };
    expect(logitsOf(feeds, weightForm)).toEqual(logitsOf(frozenFeeds));
    expect(logitsOf(feeds, adaptation)).toBeCloseToTensor(logitsOf(frozenFeeds), { relative: 1e-14 });
  });

  it("moves", () => {
    const adaptation = adaptationOf("apla");
    const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };
    for (const [name, gradient] of Object.entries(gradientsOf(feeds, adaptation)))
      expect(largest(gradient), name).toBeGreaterThan(1e-7);
  });
});

describe("the weight of APLA", () => {
  const [o] = backboneOf(tiny).sites.filter(({ name }) => name === "blocks.0.o");
  if (o?.kind !== "linear") throw new Error("no such site");
  const frozen = { weight: input("w", [16, 16]), bias: input("b", [16]) };
  const random = (count: number, seed: number) => Float64Array.from(randomNumbers(count, { seed }));
  const feeds = { w: random(256, 1), b: random(16, 2), rows: random(48, 3), biases: random(3, 4) };

  const weightOf = (columnSeed: number) => {
    const made = adaptationOf("apla", { columns: 3, columnSeed }).weight?.(o, frozen, (name) =>
      name === "blocks.0.o.columns.weight" ? input("rows", [3, 16]) : input("biases", [3]),
    );
    if (!made) throw new Error("nothing is adapted");
    return dataOf({ weight: made.weight, bias: made.bias }, feeds);
  };

  it("has the trained columns where the seed says, and the frozen ones elsewhere", () => {
    const chosen = randomStream(7, "columns", "blocks.0.o").permutation(16).slice(0, 3);
    const [weight, bias] = [feeds.w.slice(), feeds.b.slice()];
    for (const [index, column] of chosen.entries()) {
      weight.set(feeds.rows.subarray(index * 16, (index + 1) * 16), column * 16);
      bias[column] = feeds.biases[index] as number;
    }
    const made = weightOf(7);
    expect(made.weight).toEqual(weight);
    expect(made.bias).toEqual(bias);
  });

  it("takes others with another seed, and others in each block", () => {
    expect(weightOf(8).weight).not.toEqual(weightOf(7).weight);
    const adaptation = adaptationOf("apla", { columns: 3 });
    const [first, second] = adaptation
      .trainables(backboneOf(tiny))
      .filter(({ name }) => name.endsWith("columns.bias"))
      .map(({ from }) => from?.make(Float32Array.from({ length: 16 }, (_, at) => at)));
    expect(new Set(first).size).toBe(3);
    expect(first).not.toEqual(second);
  });
});
