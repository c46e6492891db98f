import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import {
  adaptationOf,
  countOf,
  dataOf,
  expectSpread,
  frozenFeeds,
  gradientsOf,
  largest,
  logitsOf,
  rowsOf,
  startFeeds,
  startsOf,
  vitB16,
} from "../../test/tiny-methods.ts";
import { tiny } from "../../test/tiny-vit.ts";
import { InputError } from "../errors.ts";
import { input } from "../graph/value.ts";
import { backboneOf } from "../model/architectures.ts";
import { dense } from "../model/layers.ts";

describe("what RepAdapter trains", () => {
  it.each([
    // per adapter width · bottleneck, half of that in two groups, and biases of bottleneck and width
    [{}, 12 * 2 * (768 * 8 + 768 * 4 + 8 + 768)],
    [{ bottleneck: 16 }, 12 * 2 * (768 * 16 + 768 * 8 + 16 + 768)],
    [{ sites: ["attention"] }, 12 * (768 * 8 + 768 * 4 + 8 + 768)],
  ])("with %j in ViT-B/16: %d", (options, count) => {
    expect(countOf(adaptationOf("repadapter", options), vitB16)).toBe(count);
  });

  it("has matrices of 0.22 M in ViT-B/16, which is what its authors print", () => {
    const rows = adaptationOf("repadapter").trainables(backboneOf(vitB16));
    const matrices = rows.flatMap(({ shape: [a = 0, b] }) => (b === undefined ? [] : [a * b]));
    expect(matrices.reduce((sum, count) => sum + count, 0)).toBe(221_184);
  });

  it("names, shapes and decay of one block: their code decays the biases too", () => {
    const part = (branch: string) => [
      `blocks.0.${branch}.down.weight 4,16 decayed`,
      `blocks.0.${branch}.down.bias 4 decayed`,
      `blocks.0.${branch}.up.weight 16,2 decayed`,
      `blocks.0.${branch}.up.bias 16 decayed`,
    ];
    const options = { bottleneck: 4 };
    expect(rowsOf(adaptationOf("repadapter", options))).toEqual([...part("attention"), ...part("mlp")]);
    expect(rowsOf(adaptationOf("repadapter", { ...options, sites: ["mlp"] }))).toEqual(part("mlp"));
  });

  it("refuses a model of odd width, which two groups cannot share", () => {
    const odd = backboneOf({ ...tiny, width: 15, heads: 3 });
    expect(() => adaptationOf("repadapter").trainables(odd)).toThrow(
      new InputError(
        "RepAdapter cuts the model's width into 2 groups, but 15, that of blocks.0.attention, is odd. Choose another method for this model.",
      ),
    );
  });
});

describe("the start of RepAdapter", () => {
  const adaptation = adaptationOf("repadapter");

  it("has `down` uniform within √(6 / (in + bottleneck)) and the rest at 0", () => {
    const bound = Math.sqrt(6 / (768 + 8));
    expectSpread(startsOf(adaptation, ".down.weight"), { std: bound / Math.sqrt(3), bound });
    for (const leaf of [".bias", ".up.weight"]) expect(largest(startsOf(adaptation, leaf)), leaf).toBe(0);
  });

  it("is the pre-trained model exactly, and moves: `up` has a gradient, `down` none yet", () => {
    const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };
    expect(logitsOf(feeds, adaptation)).toEqual(logitsOf(frozenFeeds));
    for (const [name, gradient] of Object.entries(gradientsOf(feeds, adaptation)))
      if (name.includes(".up.")) expect(largest(gradient), name).toBeGreaterThan(1e-6);
      else if (name.includes(".down.")) expect(largest(gradient), name).toBe(0);
  });
});

describe("a matrix after RepAdapter", () => {
  const adaptation = adaptationOf("repadapter", { bottleneck: 4, scale: 0.5 });
  const shapes = new Map(adaptation.trainables(backboneOf(tiny)).map(({ name, shape }) => [name, shape]));

  /** The adapted matrix of block 0 on two tokens, and all numbers that went in. */
  function sampleOf(role: string) {
    const site = backboneOf(tiny).sites.find(({ name }) => name === `blocks.0.${role}`);
    if (!site || site.kind === "branch") throw new Error(`no ${role}`);
    const shape = site.kind === "norm" ? [site.out] : [site.out, site.in];
    const frozen = { weight: input("w", shape), bias: input("b", [site.out]) };
    const made = adaptation.weight?.(site, frozen, (name) => input(name, shapes.get(name) ?? []));
    if (!made || made === frozen) return undefined;
    const all = [...shapes, ["w", shape] as const, ["b", [site.out]] as const, ["x", [2, 16]] as const];
    const feeds = Object.fromEntries(
      all.map(([name, sizes], at) => [
        name,
        Float64Array.from(
          randomNumbers(
            sizes.reduce((a, b) => a * b, 1),
            { seed: at + 1 },
          ),
        ),
      ]),
    );
    return { feeds, y: dataOf({ y: dense(input("x", [2, 16]), made) }, feeds).y };
  }

  it.each([
    ["q", "attention"],
    ["k", "attention"],
    ["v", "attention"],
    ["fc1", "mlp"],
  ])("%s gives W·(x + s · up(down(x))) + b, with up in two groups", (role, branch) => {
    const sample = sampleOf(role);
    if (!sample) throw new Error("nothing changes");
    const { feeds, y } = sample;
    const at = (name: string, i: number) => (feeds[name] as Float64Array)[i] as number;
    const part = `blocks.0.${branch}`;
    const out = feeds.b?.length ?? 0;
    const expected: number[] = [];
    for (const token of [0, 1]) {
      const narrow: number[] = [];
      for (let k = 0; k < 4; k++) {
        let sum = at(`${part}.down.bias`, k);
        for (let i = 0; i < 16; i++) sum += at(`${part}.down.weight`, k * 16 + i) * at("x", token * 16 + i);
        narrow.push(sum);
      }
      const moved = Array.from({ length: 16 }, (_, i) => {
        // the first half of the width reads the first half of the bottleneck
        const first = i < 8 ? 0 : 2;
        const up = [0, 1].reduce(
          (sum, k) => sum + at(`${part}.up.weight`, i * 2 + k) * (narrow[first + k] as number),
          at(`${part}.up.bias`, i),
        );
        return at("x", token * 16 + i) + 0.5 * up;
      });
      for (let row = 0; row < out; row++)
        expected.push(moved.reduce((sum, value, i) => sum + at("w", row * 16 + i) * value, at("b", row)));
    }
    expect(y).toBeCloseToTensor(expected, { relative: 1e-12 });
  });

  it.each(["o", "fc2", "norm1", "norm2"])("leaves %s alone", (role) => {
    expect(sampleOf(role)).toBeUndefined();
  });
});
