import { describe, expect, it } from "vitest";
import {
  adaptationOf,
  countOf,
  frozenFeeds,
  largest,
  logitsOf,
  rowsOf,
  startFeeds,
  vitB16,
} from "../../test/tiny-methods.ts";
import { backboneOf } from "../model/architectures.ts";
import { randomStream } from "../random.ts";

const adaptation = adaptationOf("ssf");

describe("ssf", () => {
  it("trains 205,824 parameters of ViT-B/16", () => {
    // per block 2 · (2 norms + q, k, v, o and fc2 of 768 + fc1 of 3072); patches and last norm 2 · 768 each
    expect(countOf(adaptation, vitB16)).toBe(205_824);
    expect(countOf(adaptation, vitB16)).toBe(12 * 2 * (7 * 768 + 3072) + 4 * 768);
  });

  it("has a scale and a shift after each layer, none of them decayed", () => {
    const pair = (site: string, width = 16) => [`${site}.scale ${width}`, `${site}.shift ${width}`];
    expect(rowsOf(adaptation)).toEqual([
      ...pair("patch"),
      ...["norm1", "q", "k", "v", "o", "norm2"].flatMap((role) => pair(`blocks.0.${role}`)),
      ...pair("blocks.0.fc1", 32),
      ...pair("blocks.0.fc2"),
      ...pair("norm"),
    ]);
  });

  it("starts near the pre-trained model, as published: scales at 1 ± 0.02, shifts at 0 ± 0.02", () => {
    const drawn = (leaf: string) =>
      adaptation
        .trainables(backboneOf(vitB16))
        .filter(({ name }) => name.endsWith(leaf))
        .flatMap(({ name, start }) => (start === "frozen" ? [] : [...start(randomStream(1, name))]));
    for (const [leaf, middle] of [
      [".scale", 1],
      [".shift", 0],
    ] as const) {
      const numbers = drawn(leaf);
      expect(numbers).toHaveLength(205_824 / 2);
      const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
      const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length;
      expect(mean).toBeCloseTo(middle, 3);
      expect(Math.sqrt(variance)).toBeCloseTo(0.02, 3);
    }
  });

  it("is the pre-trained model exactly with scales of 1 and shifts of 0", () => {
    const neutral = Object.fromEntries(
      Object.entries(startFeeds(adaptation)).map(([name, data]) => [
        name,
        data.fill(name.endsWith(".scale") ? 1 : 0),
      ]),
    );
    expect(logitsOf({ ...frozenFeeds, ...neutral }, adaptation)).toEqual(logitsOf(frozenFeeds));
    const moved = logitsOf({ ...frozenFeeds, ...startFeeds(adaptation) }, adaptation);
    expect(largest(moved.map((x, i) => x - (logitsOf(frozenFeeds)[i] as number)))).toBeGreaterThan(1e-3);
  });
});
