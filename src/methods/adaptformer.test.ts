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

describe("what AdaptFormer trains", () => {
  it.each([
    // per block: two matrices of width · bottleneck, and biases of bottleneck and width
    [8, 12 * (2 * 768 * 8 + 8 + 768)],
    [64, 12 * (2 * 768 * 64 + 64 + 768)],
  ])("a bottleneck of %d in ViT-B/16: %d", (bottleneck, count) => {
    expect(countOf(adaptationOf("adaptformer", { bottleneck }), vitB16)).toBe(count);
  });

  it("names, shapes and decay of one block", () => {
    expect(rowsOf(adaptationOf("adaptformer", { bottleneck: 3 }))).toEqual([
      "blocks.0.mlp.down.weight 3,16 decayed",
      "blocks.0.mlp.down.bias 3",
      "blocks.0.mlp.up.weight 16,3 decayed",
      "blocks.0.mlp.up.bias 16",
    ]);
  });
});

describe("the start of AdaptFormer", () => {
  const adaptation = adaptationOf("adaptformer", { bottleneck: 3 });
  const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };

  it("is the pre-trained model exactly", () => {
    expect(logitsOf(feeds, adaptation)).toEqual(logitsOf(frozenFeeds));
  });

  it("moves: `up` has a gradient, `down` none yet", () => {
    for (const [name, gradient] of Object.entries(gradientsOf(feeds, adaptation)))
      if (name.includes(".up.")) expect(largest(gradient), name).toBeGreaterThan(1e-6);
      else if (name.includes(".down.")) expect(largest(gradient), name).toBe(0);
  });
});

describe("the branch of AdaptFormer", () => {
  it("adds s · up(ReLU(down(x))) beside the MLP, and nothing beside attention", () => {
    const adaptation = adaptationOf("adaptformer", { bottleneck: 2, scale: 0.5 });
    const shapes = new Map(adaptation.trainables(backboneOf(tiny)).map(({ name, shape }) => [name, shape]));
    const changes = adaptation.layers?.((name) => input(name, shapes.get(name) ?? []));
    const [attention, mlp] = backboneOf(tiny).sites.flatMap((site) => (site.kind === "branch" ? [site] : []));
    if (!attention || !mlp) throw new Error("no branches");
    expect(changes?.branch?.(attention)).toBeUndefined();

    const [x, y] = [input("x", [1, 2, 16]), input("y", [1, 2, 16])];
    const made = changes?.branch?.(mlp)?.({ x, y });
    if (!made) throw new Error("nothing changes");
    const trained = [...shapes].map(
      ([name, shape], at) =>
        [
          name,
          Float64Array.from(
            randomNumbers(
              shape.reduce((a, b) => a * b, 1),
              { seed: at + 1 },
            ),
          ),
        ] as const,
    );
    const feeds: Record<string, Float64Array> = {
      ...Object.fromEntries(trained),
      x: Float64Array.from(randomNumbers(32, { seed: 70 })),
      y: Float64Array.from(randomNumbers(32, { seed: 71 })),
    };
    const at = (name: string, i: number) => (feeds[name] as Float64Array)[i] as number;
    const part = "blocks.0.mlp";
    const expected = [0, 1].flatMap((token) => {
      const narrow = [0, 1].map((row) => {
        const sum = Array.from(
          { length: 16 },
          (_, i) => at(`${part}.down.weight`, row * 16 + i) * at("x", token * 16 + i),
        );
        return Math.max(
          0,
          sum.reduce((a, b) => a + b, at(`${part}.down.bias`, row)),
        );
      });
      return Array.from({ length: 16 }, (_, row) => {
        const up = narrow.reduce(
          (sum, n, k) => sum + n * at(`${part}.up.weight`, row * 2 + k),
          at(`${part}.up.bias`, row),
        );
        return at("y", token * 16 + row) + 0.5 * up;
      });
    });
    expect(dataOf({ made }, feeds).made).toBeCloseToTensor(expected, { relative: 1e-14 });
  });
});
