import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import {
  adaptationOf,
  countOf,
  dataOf,
  frozenFeeds,
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

describe("vpt-deep", () => {
  it.each([
    [10, 92_160],
    [50, 460_800],
  ])("trains %d tokens in each block of ViT-B/16: %d", (tokens, count) => {
    expect(countOf(adaptationOf("vpt-deep", { tokens }), vitB16)).toBe(count);
  });

  it("names, shapes and decay", () => {
    expect(rowsOf(adaptationOf("vpt-deep", { tokens: 3 }))).toEqual(["blocks.0.prompt 1,3,16 decayed"]);
  });

  it("starts within √(6 / (3·p·p + D)), as published", () => {
    const [first] = adaptationOf("vpt-deep", { tokens: 100 }).trainables(backboneOf(vitB16));
    if (!first || first.start === "frozen") throw new Error("no start");
    const bound = Math.sqrt(6 / (3 * 16 * 16 + 768));
    const most = largest(first.start(randomStream(1, first.name)));
    expect(most / bound).toBeLessThanOrEqual(1 + 1e-7);
    expect(most / bound).toBeGreaterThan(0.999);
  });

  const changeOf = (block: number, { width = 4, tokens = 2 } = {}) => {
    const prompt = input("prompt", [1, tokens, width]);
    return adaptationOf("vpt-deep", { tokens })
      .layers?.(() => prompt)
      .tokens?.(block);
  };

  it.each([
    ["puts its tokens behind CLS in the first block", 0, 3, ["cls", "prompt 0", "prompt 1", "x1", "x2"]],
    ["replaces those of the block before in a later one", 1, 5, ["cls", "prompt 0", "prompt 1", "x3", "x4"]],
  ])("%s", (_name, block, tokens, expected) => {
    const x = randomNumbers(2 * tokens * 4, { seed: 1 });
    const prompt = randomNumbers(2 * 4, { seed: 2 });
    const y = changeOf(block)?.(input("x", [2, tokens, 4]), (added) => added);
    if (!y) throw new Error("nothing changes");
    expect(y.shape).toEqual([2, 5, 4]);
    const rowOf = (image: number, name: string) => {
      const [, of, index] = /^(prompt |x)(\d)$/.exec(name) ?? ["", "x", "0"];
      const from = of === "x" ? (image * tokens + Number(index)) * 4 : Number(index) * 4;
      return [...(of === "x" ? x : prompt).slice(from, from + 4)];
    };
    const rows = [0, 1].flatMap((image) => expected.flatMap((name) => rowOf(image, name)));
    expect([
      ...(dataOf({ y }, { x: Float64Array.from(x), prompt: Float64Array.from(prompt) }).y ?? []),
    ]).toEqual(rows);
  });

  it("changes the logits through every block, the last one too", () => {
    const adaptation = adaptationOf("vpt-deep", { tokens: 3 });
    const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };
    const logits = logitsOf(feeds, adaptation);
    for (let block = 0; block < tiny.depth; block++) {
      const name = `blocks.${block}.prompt`;
      const other = logitsOf({ ...feeds, [name]: (feeds[name] as Float64Array).map((x) => -x) }, adaptation);
      expect(largest(other.map((x, i) => x - (logits[i] as number))), name).toBeGreaterThan(1e-4);
    }
  });
});
