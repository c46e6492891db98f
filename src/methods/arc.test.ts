import { describe, expect, it } from "vitest";
import { range, sumOf } from "../../test/loops.ts";
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
  startsOf,
  vitB16,
} from "../../test/tiny-methods.ts";
import { tiny } from "../../test/tiny-vit.ts";
import { evaluate } from "../engine/reference.ts";
import { input } from "../graph/value.ts";
import { backboneOf } from "../model/architectures.ts";

describe("what ARC trains", () => {
  it.each([
    // each branch: one projection 768 · 50, and 12 · (50 + 768)
    ["both branches", {}, 96_432],
    ["attention alone, the authors' ARC_att", { sites: ["attention"] }, 48_216],
    ["a bottleneck of 10", { bottleneck: 10 }, 2 * (768 * 10 + 12 * (10 + 768))],
  ])("%s of ViT-B/16", (_name, options, count) => {
    expect(countOf(adaptationOf("arc", options), vitB16)).toBe(count);
  });

  it("comes with the mean head of VTAB-1k to the 0.13 million of the paper", () => {
    const head = (769 * 940) / 19; // 940 classes in 19 tasks
    expect(((96_432 + head) / 1e6).toFixed(2)).toBe("0.13");
  });

  it("names, shapes and decay: projections belong to no block", () => {
    expect(rowsOf(adaptationOf("arc", { bottleneck: 3 }))).toEqual([
      "shared.attention.down 3,16 decayed",
      "blocks.0.attention.scale 3 decayed",
      "blocks.0.attention.shift 16 decayed",
      "shared.mlp.down 3,16 decayed",
      "blocks.0.mlp.scale 3 decayed",
      "blocks.0.mlp.shift 16 decayed",
    ]);
  });

  it("takes a branch once that is named twice", () => {
    expect(rowsOf(adaptationOf("arc", { sites: ["mlp", "mlp"] }))).toEqual(
      rowsOf(adaptationOf("arc", { sites: ["mlp"] })),
    );
  });
});

describe("the start of ARC", () => {
  const identity = adaptationOf("arc", { bottleneck: 3, init: "identity" });
  const official = adaptationOf("arc", { bottleneck: 3 });
  const feedsOf = (adaptation: typeof official) => ({ ...frozenFeeds, ...startFeeds(adaptation) });

  it("is the pre-trained model exactly with --init identity, and near it as published", () => {
    expect(logitsOf(feedsOf(identity), identity)).toEqual(logitsOf(frozenFeeds));
    const moved = logitsOf(feedsOf(official), official).map(
      (x, i) => x - (logitsOf(frozenFeeds)[i] as number),
    );
    expect(largest(moved)).toBeGreaterThan(1e-3);
  });

  it("moves: scales and shifts have gradients, projections where a scale is not zero", () => {
    const moves = (adaptation: typeof official) =>
      Object.entries(gradientsOf(feedsOf(adaptation), adaptation)).flatMap(([name, gradient]) =>
        largest(gradient) > 1e-7 ? [name.replace(/\d/, "N")] : [],
      );
    const always = ["attention.scale", "attention.shift", "mlp.scale", "mlp.shift"].map(
      (part) => `blocks.N.${part}`,
    );
    const head = ["head.weight", "head.bias"];
    expect([...new Set(moves(identity))].sort()).toEqual([...always, ...head].sort());
    expect([...new Set(moves(official))].sort()).toEqual([...always, ...head, "shared.mlp.down"].sort());
  });

  it("samples by Xavier's rule: projections within √(6 / (D + D')), the MLP's scales within √(6 / (1 + D'))", () => {
    const starts = (ending: string) => startsOf(adaptationOf("arc"), ending);
    for (const [ending, bound, count] of [
      [".down", Math.sqrt(6 / 818), 2 * 768 * 50],
      ["mlp.scale", Math.sqrt(6 / 51), 12 * 50],
    ] as const) {
      const numbers = starts(ending);
      expect(numbers).toHaveLength(count);
      expect(largest(numbers) / bound).toBeLessThanOrEqual(1 + 1e-7);
      expect(largest(numbers) / bound).toBeGreaterThan(0.99);
      const square = numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length;
      expect(Math.sqrt(square) / bound).toBeCloseTo(3 ** -0.5, 1.5);
    }
    for (const zero of ["attention.scale", ".shift"]) expect(largest(starts(zero))).toBe(0);
  });
});

describe("the weight of ARC", () => {
  const [width, bottleneck, tokens] = [16, 3, 4];
  const feeds = {
    down: randomNumbers(bottleneck * width, { seed: 1 }),
    scale: randomNumbers(bottleneck, { seed: 2 }),
    shift: randomNumbers(width, { seed: 3 }),
    w: randomNumbers(32 * width, { seed: 4 }),
    b: randomNumbers(32, { seed: 5 }),
  };
  const at = (name: keyof typeof feeds, i: number) => feeds[name][i] as number;

  it.each(["q", "k", "v", "fc1"])("is that of %s after the authors' adapter on its input", (role) => {
    const site = backboneOf(tiny).sites.find(({ name }) => name === `blocks.1.${role}`);
    if (site?.kind !== "linear") throw new Error("no such site");
    const branch = role === "fc1" ? "mlp" : "attention";
    const shapes = {
      [`shared.${branch}.down`]: [bottleneck, width],
      [`blocks.1.${branch}.scale`]: [bottleneck],
      [`blocks.1.${branch}.shift`]: [width],
    };
    const frozen = { weight: input("w", [site.out, width]), bias: input("b", [site.out]) };
    const made = adaptationOf("arc", { bottleneck }).weight?.(site, frozen, (name) =>
      input(name.split(".").at(-1) as string, shapes[name] as number[]),
    );
    if (!made) throw new Error("nothing is adapted");
    const { weight, bias } = evaluate(
      { outputs: { weight: made.weight, bias: made.bias } },
      { ...feeds, w: feeds.w.slice(0, site.out * width), b: feeds.b.slice(0, site.out) },
    );
    const x = randomNumbers(tokens * width, { seed: 6 });
    const xAt = (t: number, i: number) => x[t * width + i] as number;
    const expected = range(tokens).flatMap((t) => {
      const hidden = range(bottleneck).map((k) =>
        sumOf(width, (i) => xAt(t, i) * at("down", k * width + i) * at("scale", k)),
      );
      const adapted = range(width).map(
        (i) =>
          xAt(t, i) +
          at("shift", i) +
          sumOf(bottleneck, (k) => (hidden[k] as number) * at("down", k * width + i)),
      );
      return range(site.out).map(
        (o) => at("b", o) + sumOf(width, (i) => (adapted[i] as number) * at("w", o * width + i)),
      );
    });
    const found = range(tokens).flatMap((t) =>
      range(site.out).map(
        (o) =>
          (bias?.data[o] as number) +
          sumOf(width, (i) => xAt(t, i) * (weight?.data[o * width + i] as number)),
      ),
    );
    expect(found).toBeCloseToTensor(expected, { relative: 1e-12 });
  });

  it("leaves the other matrices and the norms alone", () => {
    const frozen = { weight: input("w", [16, 16]), bias: input("b", [16]) };
    const untrained = () => {
      throw new Error("nothing trains here");
    };
    const kept = backboneOf(tiny).sites.flatMap((site) => {
      if (site.kind === "branch" || /\.(q|k|v|fc1)$/.test(site.name)) return [];
      return [adaptationOf("arc").weight?.(site, frozen, untrained) === frozen];
    });
    expect(kept).toEqual(Array(2 * 4 + 2).fill(true)); // o, fc2 and two norms of each block, patches, last norm
  });
});
