import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
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
import { tiny } from "../../test/tiny-vit.ts";
import { evaluate } from "../engine/reference.ts";
import { input } from "../graph/value.ts";
import { backboneOf } from "../model/architectures.ts";
import { randomStream } from "../random.ts";

describe("what LoRA trains", () => {
  it.each([
    // rank · (in + out) per site: 12 blocks · 2 sites · 8 · 1536
    ["q and v with rank 8", {}, 294_912],
    ["q and v with rank 4", { rank: 4 }, 147_456],
    // 12 · 8 · (4 · 1536 + 2 · 3840)
    ["all six with rank 8", { sites: ["q", "k", "v", "o", "fc1", "fc2"] }, 1_327_104],
  ])("%s of ViT-B/16", (_name, options, count) => {
    expect(countOf(adaptationOf("lora", options), vitB16)).toBe(count);
  });

  it("names, shapes and decay of one block", () => {
    expect(rowsOf(adaptationOf("lora", { rank: 2, sites: ["fc1", "q"] }))).toEqual([
      "blocks.0.q.lora_a 2,16 decayed",
      "blocks.0.q.lora_b 16,2 decayed",
      "blocks.0.fc1.lora_a 2,16 decayed",
      "blocks.0.fc1.lora_b 32,2 decayed",
    ]);
  });
});

describe("the start of LoRA", () => {
  const adaptation = adaptationOf("lora", { rank: 2 });
  const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };

  it("is the pre-trained model exactly", () => {
    expect(logitsOf(feeds, adaptation)).toEqual(logitsOf(frozenFeeds));
  });

  it("moves: B has a gradient, A none yet", () => {
    for (const [name, gradient] of Object.entries(gradientsOf(feeds, adaptation)))
      if (name.endsWith(".lora_b")) expect(largest(gradient), name).toBeGreaterThan(1e-6);
      else if (name.endsWith(".lora_a")) expect(largest(gradient), name).toBe(0);
  });

  it("draws A as PyTorch draws a linear layer, within ±1/√in", () => {
    const bound = 1 / Math.sqrt(768);
    const drawn = adaptation
      .trainables(backboneOf({ ...vitB16, depth: 4 }))
      .filter(({ name }) => name.endsWith("lora_a"))
      .flatMap(({ name, start }) => (start === "frozen" ? [] : [...start(randomStream(1, name))]));
    expect(drawn).toHaveLength(4 * 2 * 2 * 768);
    expect(largest(drawn) / bound).toBeLessThanOrEqual(1 + 1e-7);
    expect(largest(drawn) / bound).toBeGreaterThan(0.999);
    expect(Math.sqrt(drawn.reduce((sum, x) => sum + x * x, 0) / drawn.length) / bound).toBeCloseTo(
      3 ** -0.5,
      1.5,
    );
  });
});

describe("the weight of LoRA", () => {
  const [site] = backboneOf(tiny).sites.filter(({ name }) => name === "blocks.0.fc1");
  if (site?.kind !== "linear") throw new Error("no such site");
  const frozen = { weight: input("w", [32, 16]), bias: input("b", [32]) };
  const feeds = {
    w: randomNumbers(32 * 16, { seed: 1 }),
    a: randomNumbers(2 * 16, { seed: 2 }),
    b: randomNumbers(32 * 2, { seed: 3 }),
  };

  it.each([2, 8, 0.5])("is W + alpha/r · B·A, alpha %d", (alpha) => {
    const { weight: adapt } = adaptationOf("lora", { rank: 2, alpha, sites: ["fc1"] });
    const made = adapt?.(site, frozen, (name) =>
      name.endsWith("lora_a") ? input("a", [2, 16]) : input("b", [32, 2]),
    );
    if (!made) throw new Error("nothing is adapted");
    expect(made.bias).toBe(frozen.bias);
    const expected = Array.from(feeds.w, (w, at) => {
      const [row, column] = [Math.floor(at / 16), at % 16];
      const product = [0, 1].reduce(
        (sum, k) => sum + (feeds.b[row * 2 + k] as number) * (feeds.a[k * 16 + column] as number),
        0,
      );
      return w + (alpha / 2) * product;
    });
    expect(evaluate({ outputs: { y: made.weight } }, feeds).y?.data).toBeCloseToTensor(expected, {
      relative: 1e-14,
    });
  });
});
