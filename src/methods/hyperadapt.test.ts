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

const all = ["q", "k", "v", "o", "fc1", "fc2"];

describe("what HyperAdapt trains", () => {
  it.each([
    // in + out of each matrix: 12 · (4 · 2 · 768 + 2 · 5 · 768)
    ["all six of ViT-B/16", {}, 12 * 18 * 768],
    ["q and v of ViT-B/16", { sites: ["q", "v"] }, 12 * 2 * 2 * 768],
  ])("%s", (_name, options, count) => {
    expect(countOf(adaptationOf("hyperadapt", options), vitB16)).toBe(count);
  });

  it("names, shapes and decay of one block", () => {
    expect(rowsOf(adaptationOf("hyperadapt", { sites: ["fc1", "q"] }))).toEqual([
      "blocks.0.q.left 16",
      "blocks.0.q.right 16",
      "blocks.0.fc1.left 16",
      "blocks.0.fc1.right 32",
    ]);
  });
});

describe("the start of HyperAdapt", () => {
  const adaptation = adaptationOf("hyperadapt");
  const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };

  it("is the pre-trained model exactly", () => {
    expect(logitsOf(feeds, adaptation)).toEqual(logitsOf(frozenFeeds));
  });

  it("moves", () => {
    for (const [name, gradient] of Object.entries(gradientsOf(feeds, adaptation)))
      expect(largest(gradient), name).toBeGreaterThan(1e-7);
  });
});

describe("the weight of HyperAdapt", () => {
  const [fc1] = backboneOf(tiny).sites.filter(({ name }) => name === "blocks.0.fc1");
  if (fc1?.kind !== "linear") throw new Error("no such site");
  const frozen = { weight: input("w", [32, 16]), bias: input("b", [32]) };
  const feeds = {
    w: Float64Array.from(randomNumbers(32 * 16, { seed: 1 })),
    left: Float64Array.from(randomNumbers(16, { seed: 2 })),
    right: Float64Array.from(randomNumbers(32, { seed: 3 })),
  };
  const trained = (name: string) => (name.endsWith("left") ? input("left", [16]) : input("right", [32]));

  it("is right ⊙ W ⊙ left, by rows and by columns", () => {
    const made = adaptationOf("hyperadapt").weight?.(fc1, frozen, trained);
    if (!made) throw new Error("nothing is adapted");
    expect(made.bias).toBe(frozen.bias);
    const expected = Array.from(
      feeds.w,
      (w, at) => (feeds.right[Math.floor(at / 16)] as number) * w * (feeds.left[at % 16] as number),
    );
    expect(dataOf({ y: made.weight }, feeds).y).toBeCloseToTensor(expected, { relative: 1e-14 });
  });

  it("is the pre-trained one elsewhere", () => {
    const { weight } = adaptationOf("hyperadapt", { sites: all.filter((role) => role !== "fc1") });
    expect(weight?.(fc1, frozen, trained)).toBe(frozen);
  });
});
