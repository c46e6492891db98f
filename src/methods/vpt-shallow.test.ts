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

describe("vpt-shallow", () => {
  it.each([
    [1, 768],
    [50, 38_400],
    // m · D, the formula of RLRR's supplement for a mean of 91 tokens on VTAB-1k: 0.07 M
    [91, 69_888],
  ])("trains %d tokens of ViT-B/16: %d", (tokens, count) => {
    expect(countOf(adaptationOf("vpt-shallow", { tokens }), vitB16)).toBe(count);
  });

  it("has one tensor, however many blocks there are", () => {
    expect(rowsOf(adaptationOf("vpt-shallow", { tokens: 3 }))).toEqual(["blocks.0.prompt 1,3,16 decayed"]);
    const all = adaptationOf("vpt-shallow").trainables(backboneOf(tiny));
    expect(all.map(({ name }) => name)).toEqual(["blocks.0.prompt"]);
  });

  it("starts within √(6 / (3·p·p + D)), evenly, as published", () => {
    const [first] = adaptationOf("vpt-shallow", { tokens: 100 }).trainables(backboneOf(vitB16));
    if (!first || first.start === "frozen") throw new Error("no start");
    const bound = Math.sqrt(6 / (3 * 16 * 16 + 768));
    const values = first.start(randomStream(1, first.name));
    expect(largest(values) / bound).toBeLessThanOrEqual(1 + 1e-7);
    expect(largest(values) / bound).toBeGreaterThan(0.999);
    const variance = values.reduce((sum, x) => sum + x * x, 0) / values.length;
    expect(variance / (bound * bound)).toBeCloseTo(1 / 3, 2);
  });

  it("puts its tokens behind CLS in the first block, and touches no other", () => {
    const changes = adaptationOf("vpt-shallow", { tokens: 2 }).layers?.(() => input("prompt", [1, 2, 4]));
    expect(changes?.tokens?.(1)).toBeUndefined();
    const y = changes?.tokens?.(0)?.(input("x", [2, 3, 4]), (added) => added);
    if (!y) throw new Error("nothing changes");
    const [x, prompt] = [randomNumbers(24, { seed: 1 }), randomNumbers(8, { seed: 2 })];
    const rows = [0, 1].flatMap((image) => {
      const own = x.slice(image * 12, image * 12 + 12);
      return [...own.slice(0, 4), ...prompt, ...own.slice(4)];
    });
    const found = dataOf({ y }, { x: Float64Array.from(x), prompt: Float64Array.from(prompt) }).y;
    expect(y.shape).toEqual([2, 5, 4]);
    expect([...(found ?? [])]).toEqual(rows);
  });

  it("keeps its tokens through every block: they reach the logits, and a gradient reaches them", () => {
    const adaptation = adaptationOf("vpt-shallow", { tokens: 3 });
    const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };
    const prompt = feeds["blocks.0.prompt"] as Float64Array;
    const other = logitsOf({ ...feeds, "blocks.0.prompt": prompt.map((x) => -x) }, adaptation);
    const logits = logitsOf(feeds, adaptation);
    expect(largest(other.map((x, i) => x - (logits[i] as number)))).toBeGreaterThan(1e-4);
    expect(largest(gradientsOf(feeds, adaptation)["blocks.0.prompt"])).toBeGreaterThan(1e-6);
  });
});
