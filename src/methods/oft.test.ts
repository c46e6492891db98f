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
import { adaptedGraph, tiny } from "../../test/tiny-vit.ts";
import { openEngine } from "../engine/open-engine.ts";
import { InputError } from "../errors.ts";
import { inOrder, input, type Value } from "../graph/value.ts";
import { backboneOf } from "../model/architectures.ts";
import type { LinearSite } from "../model/backbone.ts";

describe("what OFT trains", () => {
  it.each([
    // in · (32 - 1) / 2 for each matrix: 12 · (5 · 768 + 3072) · 31 / 2
    ["in blocks of 32", {}, 1_285_632],
    ["in blocks of 2", { blockSize: 2 }, (12 * (5 * 768 + 3072)) / 2],
    // 48 is the largest divisor of 768 and of 3072 that is at most 50
    ["in blocks of 50", { blockSize: 50 }, (12 * (5 * 768 + 3072) * 47) / 2],
    ["of q and v", { sites: ["q", "v"] }, (12 * 2 * 768 * 31) / 2],
  ])("%s in ViT-B/16", (_name, options, count) => {
    expect(countOf(adaptationOf("oft", options), vitB16)).toBe(count);
  });

  it("names, shapes and decay of one block", () => {
    expect(rowsOf(adaptationOf("oft", { blockSize: 4 }))).toEqual([
      ...["q", "k", "v", "o", "fc1"].map((role) => `blocks.0.${role}.skew 4,6 decayed`),
      "blocks.0.fc2.skew 8,6 decayed",
    ]);
  });

  it("refuses a width without a divisor among the sizes of a block, rather than train nothing", () => {
    const prime = backboneOf({ ...tiny, width: 37, heads: 1 });
    expect(() => adaptationOf("oft").trainables(prime)).toThrow(
      new InputError(
        "OFT rotates inputs in blocks, but the 37 inputs of blocks.0.q cannot be cut into blocks of 2 to 32. Choose a larger blockSize, or another method for this model.",
      ),
    );
    const [q] = adaptationOf("oft", { blockSize: 37, sites: ["q"] }).trainables(prime);
    expect(q?.shape).toEqual([1, 666]);
  });
});

describe("the start of OFT", () => {
  const adaptation = adaptationOf("oft");
  const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };

  it("is the pre-trained model exactly", () => {
    expect(logitsOf(feeds, adaptation)).toEqual(logitsOf(frozenFeeds));
  });

  it("moves", () => {
    for (const [name, gradient] of Object.entries(gradientsOf(feeds, adaptation)))
      expect(largest(gradient), name).toBeGreaterThan(1e-7);
  });
});

describe("the rotation of OFT", () => {
  const siteOf = (width: number): LinearSite => ({
    ...{ name: "x", kind: "linear", role: "q", block: 0, in: width, out: width },
  });
  /** The weight made of the identity: Rᵀ. */
  const rotationOf = (width: number, blockSize: number): Value => {
    const made = adaptationOf("oft", { blockSize }).weight?.(
      siteOf(width),
      { weight: input("w", [width, width]), bias: input("b", [width]) },
      () => input("skew", [width / blockSize, (blockSize * (blockSize - 1)) / 2]),
    );
    if (!made) throw new Error("nothing is adapted");
    return made.weight;
  };
  const identity = (n: number) => Float64Array.from({ length: n * n }, (_, at) => +(at % (n + 1) === 0));
  const largestError = (rotation: ArrayLike<number>, n: number): number => {
    let worst = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        let dot = 0;
        for (let k = 0; k < n; k++) dot += (rotation[i * n + k] as number) * (rotation[j * n + k] as number);
        worst = Math.max(worst, Math.abs(dot - +(i === j)));
      }
    return worst;
  };

  it("of two inputs turns by twice the arc tangent of its number", () => {
    for (const t of [0.3, -2, 30]) {
      const angle = 2 * Math.atan(t);
      const expected = [Math.cos(angle), Math.sin(angle), -Math.sin(angle), Math.cos(angle)];
      const { y } = dataOf({ y: rotationOf(2, 2) }, { w: identity(2), skew: Float64Array.of(t) });
      expect(y).toBeCloseToTensor(expected, { relative: 1e-12, absolute: 1e-12 });
    }
  });

  it.each([0.01, 0.3, 1, 2.5])("is a rotation however far it turns: angles up to %d", (by) => {
    const skew = Float64Array.from(randomNumbers(2 * 496, { seed: 4, low: -by, high: by }));
    const { y } = dataOf({ y: rotationOf(64, 32) }, { w: identity(64), skew });
    expect(largestError(y as Float64Array, 64)).toBeLessThan(1e-9);
    // (I + Q)·R = I - Q, with Rᵀ given
    const q = (i: number, j: number): number => {
      if (i === j) return 0;
      if (i > j) return -q(j, i);
      return skew[(i * (63 - i)) / 2 + (j - i - 1)] as number;
    };
    for (let i = 0; i < 32; i++)
      for (let j = 0; j < 32; j++) {
        let sum = y?.[j * 64 + i] as number;
        for (let k = 0; k < 32; k++) sum += q(i, k) * (y?.[j * 64 + k] as number);
        expect(Math.abs(sum - (+(i === j) - q(i, j)))).toBeLessThan(1e-8);
      }
    // blocks do not mix
    for (let i = 0; i < 32; i++) for (let j = 32; j < 64; j++) expect(y?.[i * 64 + j]).toBe(0);
  });

  it.each([
    [64, 32, 1, 2e-6],
    [64, 64, 2, 5e-6],
  ])("is one in float32 too: width %d, blocks of %d", async (width, size, by, most) => {
    const engine = await openEngine({ threads: 1 });
    const session = await engine.compile({ outputs: { y: rotationOf(width, size) } });
    const skew = randomNumbers((width * (size - 1)) / 2, { seed: 4, low: -by, high: by });
    const { y } = await session.run({ w: Float32Array.from(identity(width)), skew });
    await engine.close();
    expect(largestError(y as Float32Array, width)).toBeLessThan(most);
  });

  it("takes its constants once for all matrices of a graph", () => {
    const adaptation = adaptationOf("oft", { blockSize: 8 });
    const { logits } = adaptedGraph({ config: tiny, batch: 1, adaptation });
    const spreads = inOrder([logits]).filter((value) => value.kind === "constant" && value.shape[0] === 28);
    expect(spreads.map(({ shape }) => shape)).toEqual([[28, 64]]);
  });

  it("acts on the inputs of a weight: W' = W·Rᵀ", () => {
    const [fc1] = backboneOf(tiny).sites.filter(({ name }) => name === "blocks.0.fc1");
    const skew = Float64Array.from(randomNumbers(8, { seed: 5 }));
    const w = Float64Array.from(randomNumbers(32 * 16, { seed: 6 }));
    const made = adaptationOf("oft", { blockSize: 2 }).weight?.(
      fc1 as LinearSite,
      { weight: input("w", [32, 16]), bias: input("b", [32]) },
      () => input("skew", [8, 1]),
    );
    const expected = Array.from(w, (value, at) => {
      const column = at % 16;
      const angle = 2 * Math.atan(skew[Math.floor(column / 2)] as number);
      const other = w[at + (column % 2 === 0 ? 1 : -1)] as number;
      // R = [[cos, -sin], [sin, cos]]
      return Math.cos(angle) * value + (column % 2 === 0 ? -1 : 1) * Math.sin(angle) * other;
    });
    const { y } = dataOf({ y: made?.weight as Value }, { w, skew });
    expect(y).toBeCloseToTensor(expected, { relative: 1e-12 });
  });
});
