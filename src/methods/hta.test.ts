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

describe("what HTA trains", () => {
  it.each([
    // 5 · D in each of q, k, v and o: with a head of 49.47 classes the paper's 0.22 M
    ["rank 1, as published", {}, 12 * 4 * 5 * 768],
    // 0.15 M, 0.30 M and 0.44 M there
    ["rank 0", { rank: 0 }, 12 * 4 * 3 * 768],
    ["rank 2", { rank: 2 }, 12 * 4 * 7 * 768],
    ["rank 4", { rank: 4 }, 12 * 4 * 11 * 768],
    // 0.09 M there
    ["in LoRA's place", { rank: 0, sites: ["q", "v"] }, 12 * 2 * 3 * 768],
  ])("%s in ViT-B/16", (_name, options, count) => {
    expect(countOf(adaptationOf("hta", options), vitB16)).toBe(count);
  });

  it("counts 184,320 in ViT-B/16", () => {
    expect(countOf(adaptationOf("hta"), vitB16)).toBe(184_320);
  });

  it("names, shapes and decay of one block", () => {
    expect(rowsOf(adaptationOf("hta", { rank: 2, sites: ["o", "q"] }))).toEqual(
      ["q", "o"].flatMap((role) => [
        `blocks.0.${role}.left 1,16 decayed`,
        `blocks.0.${role}.diagonal 16 decayed`,
        `blocks.0.${role}.right 1,16 decayed`,
        `blocks.0.${role}.lora_a 2,16 decayed`,
        `blocks.0.${role}.lora_b 16,2 decayed`,
      ]),
    );
  });
});

describe("the start of HTA", () => {
  const adaptation = adaptationOf("hta");
  const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };

  it("is the pre-trained model exactly", () => {
    expect(logitsOf(feeds, adaptation)).toEqual(logitsOf(frozenFeeds));
  });

  it("moves: diagonal and B have a gradient, the others none yet", () => {
    for (const [name, gradient] of Object.entries(gradientsOf(feeds, adaptation)))
      if (/\.(diagonal|lora_b)$/.test(name)) expect(largest(gradient), name).toBeGreaterThan(1e-7);
      else if (/\.(left|right|lora_a)$/.test(name)) expect(largest(gradient), name).toBe(0);
  });

  it("has vectors of length √2 on average, with which I - v·vᵀ reflects", () => {
    const squares = adaptation
      .trainables(backboneOf(vitB16))
      .filter(({ name }) => /\.(left|right)$/.test(name))
      .map(({ name, start }) => {
        if (typeof start !== "function") throw new Error(`${name} is not random`);
        const v = start(randomStream(1, name));
        expect(largest(v)).toBeLessThanOrEqual(Math.sqrt(6 / 768) * (1 + 1e-7));
        return v.reduce((sum, x) => sum + x * x, 0);
      });
    expect(squares).toHaveLength(12 * 4 * 2);
    expect(squares.reduce((sum, x) => sum + x, 0) / squares.length).toBeCloseTo(2, 1.5);
  });
});

describe("the weight of HTA", () => {
  const [q] = backboneOf(tiny).sites.filter(({ name }) => name === "blocks.0.q");
  if (q?.kind !== "linear") throw new Error("no such site");
  const frozen = { weight: input("w", [16, 16]), bias: input("b", [16]) };
  const random = (count: number, seed: number) => Float64Array.from(randomNumbers(count, { seed }));
  const feeds = {
    ...{ w: random(256, 1), left: random(16, 2), diagonal: random(16, 3), right: random(16, 4) },
    ...{ lora_a: random(32, 5), lora_b: random(32, 6) },
  };
  const shapes: Readonly<Record<string, readonly number[]>> = {
    ...{ left: [1, 16], diagonal: [16], right: [1, 16], lora_a: [2, 16], lora_b: [16, 2] },
  };

  /** I - v·vᵀ. */
  const reflection = (v: Float64Array) =>
    Array.from({ length: 16 }, (_, i) =>
      Array.from({ length: 16 }, (_, j) => +(i === j) - (v[i] as number) * (v[j] as number)),
    );

  it.each([0, 2])(
    "is W plus, transposed, the paper's (I - l·lᵀ)·D·(I - r·rᵀ) + W_down·W_up, rank %d",
    (rank) => {
      const made = adaptationOf("hta", { rank }).weight?.(q, frozen, (name) => {
        const part = name.split(".").at(-1) as string;
        return input(part, shapes[part] as number[]);
      });
      if (!made) throw new Error("nothing is adapted");
      expect(made.bias).toBe(frozen.bias);
      const [left, right] = [reflection(feeds.left), reflection(feeds.right)];
      const expected = Array.from(feeds.w, (w, at) => {
        const [output, into] = [Math.floor(at / 16), at % 16];
        let sum = w;
        for (let k = 0; k < 16; k++)
          sum += (left[into]?.[k] as number) * (feeds.diagonal[k] as number) * (right[k]?.[output] as number);
        for (let k = 0; k < rank; k++)
          sum += (feeds.lora_b[output * 2 + k] as number) * (feeds.lora_a[k * 16 + into] as number);
        return sum;
      });
      expect(dataOf({ y: made.weight }, feeds).y).toBeCloseToTensor(expected, { relative: 1e-12 });
    },
  );
});
