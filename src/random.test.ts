import { describe, expect, it } from "vitest";
import { randomStream } from "./random.ts";

const draw = (stream: ReturnType<typeof randomStream>, count: number) =>
  Array.from({ length: count }, () => stream.next());

describe("randomStream", () => {
  it("gives the same numbers for the same name, in every version", () => {
    expect(draw(randomStream(42, "order", 3), 3)).toEqual(draw(randomStream(42, "order", 3), 3));
    expect(draw(randomStream(42, "order", 3), 2)).toMatchInlineSnapshot(`
      [
        0.5758150704927388,
        0.11834489500412737,
      ]
    `);
    expect(randomStream(42, "order", 3).permutation(8)).toMatchInlineSnapshot(`
      [
        5,
        7,
        0,
        4,
        3,
        1,
        6,
        2,
      ]
    `);
  });

  it("gives other numbers when the seed or any part of the path differs", () => {
    const names: (readonly [number, ...(string | number)[]])[] = [
      [1],
      [2],
      [1, "a"],
      [1, "a", 0],
      [1, "a", 1],
      [1, "a", "1"],
      [1, "a0"],
      [1, "a", "b"],
      [1, "ab"],
    ];
    const first = names.map(([seed, ...path]) => randomStream(seed, ...path).next());
    expect(new Set(first).size).toBe(names.length);
  });

  it("gives uncorrelated first draws for neighbouring paths", () => {
    const first = Array.from({ length: 4000 }, (_, epoch) => randomStream(7, "flip", epoch).next() - 0.5);
    const mean = first.reduce((sum, x) => sum + x, 0) / first.length;
    const lag = first.slice(1).reduce((sum, x, at) => sum + x * (first[at] ?? 0), 0) / first.length;
    expect(Math.abs(mean)).toBeLessThan(0.02); // 4 standard errors: 4 · 0.289 / √4000 = 0.018
    expect(Math.abs(lag)).toBeLessThan(0.006); // 4 · (1/12) / √4000 = 0.0053
  });

  it("draws evenly over [0, 1) and over whole numbers", () => {
    const stream = randomStream(1);
    const counts = [0, 0, 0, 0, 0];
    const wholes = [0, 0, 0];
    for (let index = 0; index < 30000; index++) {
      const at = Math.floor(stream.next() * 5);
      counts[at] = (counts[at] ?? Number.NaN) + 1;
      const whole = stream.int(3);
      wholes[whole] = (wholes[whole] ?? Number.NaN) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 6000)).toBeLessThan(280); // 4 σ, σ = √(30000·0.16) = 69
    for (const count of wholes) expect(Math.abs(count - 10000)).toBeLessThan(330); // σ = 82
  });

  it("permutes: every number once, every order about as often", () => {
    expect(
      randomStream(3)
        .permutation(500)
        .toSorted((a, b) => a - b),
    ).toEqual(Array.from({ length: 500 }, (_, i) => i));
    const seen = new Map<string, number>();
    for (let seed = 0; seed < 6000; seed++) {
      const key = randomStream(seed).permutation(3).join("");
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    expect(seen.size).toBe(6);
    for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(120); // 4 σ, σ = 29
  });

  it("draws normal numbers of mean 0 and variance 1", () => {
    const numbers = randomStream(5).fillNormal(new Float32Array(40001), { std: 2 });
    const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
    const variance = numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length;
    expect(Math.abs(mean)).toBeLessThan(0.04); // 4 · 2 / √40000
    expect(Math.abs(variance - 4)).toBeLessThan(0.12); // 4 · 4 · √(2/40000)
  });

  it("fills ranges and dropout masks", () => {
    const numbers = randomStream(6).fillUniform(new Float32Array(5000), { low: -2, high: 3 });
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...numbers)).toBeLessThan(3);
    const mask = randomStream(6).fillMask(new Float32Array(10000), 0.25);
    expect([...new Set(mask)].toSorted()).toEqual([0, Math.fround(1 / 0.75)]);
    expect(Math.abs(mask.filter((x) => x === 0).length - 2500)).toBeLessThan(175); // 4 σ, σ = 43
    expect(randomStream(6).fillMask(new Float32Array(9), 0)).toEqual(new Float32Array(9).fill(1));
  });
});
