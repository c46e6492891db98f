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
import { grad } from "../graph/grad.ts";
import { mul, sum } from "../graph/ops.ts";
import { type InputValue, input } from "../graph/value.ts";
import { backboneOf } from "../model/architectures.ts";

describe("what DoRA trains", () => {
  it.each([
    // rank · (in + out) + out per site: 12 · (3 · (16 · 2 · 768 + 768) + 16 · 2 · 3840 + 3072 + 768)
    ["q, k, v, fc1 and fc2 with rank 16", {}, 2_433_024],
    // LoRA's 294,912 and a length for each of 12 · 2 · 768 rows
    ["q and v with rank 8", { rank: 8, sites: ["q", "v"] }, 294_912 + 18_432],
  ])("%s of ViT-B/16", (_name, options, count) => {
    expect(countOf(adaptationOf("dora", options), vitB16)).toBe(count);
  });

  it("names, shapes and decay of one block", () => {
    expect(rowsOf(adaptationOf("dora", { rank: 2, sites: ["fc1", "q"] }))).toEqual([
      "blocks.0.q.magnitude 16",
      "blocks.0.q.lora_a 2,16 decayed",
      "blocks.0.q.lora_b 16,2 decayed",
      "blocks.0.fc1.magnitude 32",
      "blocks.0.fc1.lora_a 2,16 decayed",
      "blocks.0.fc1.lora_b 32,2 decayed",
    ]);
  });
});

describe("the start of DoRA", () => {
  const adaptation = adaptationOf("dora", { rank: 2 });
  const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };

  it("is the pre-trained model, to the rounding of a length to float32", () => {
    expect(logitsOf(feeds, adaptation)).toBeCloseToTensor(logitsOf(frozenFeeds), { relative: 1e-6 });
  });

  it("has the length of each row", () => {
    const weight = frozenFeeds["blocks.1.fc2.weight"] as Float64Array; // [16, 32]
    const lengths = Array.from({ length: 16 }, (_, row) =>
      Math.hypot(...weight.subarray(row * 32, (row + 1) * 32)),
    );
    expect(feeds["trained.blocks.1.fc2.magnitude"]).toBeCloseToTensor(lengths, { relative: 1e-7 });
  });

  it("moves: lengths and B have a gradient, A none yet", () => {
    for (const [name, gradient] of Object.entries(gradientsOf(feeds, adaptation)))
      if (/\.(lora_b|magnitude)$/.test(name)) expect(largest(gradient), name).toBeGreaterThan(1e-7);
      else if (name.endsWith(".lora_a")) expect(largest(gradient), name).toBe(0);
  });
});

describe("the weight of DoRA", () => {
  const [fc1] = backboneOf(tiny).sites.filter(({ name }) => name === "blocks.0.fc1");
  if (fc1?.kind !== "linear") throw new Error("no such site");
  const frozen = { weight: input("w", [32, 16]), bias: input("bias", [32]) };
  const random = (count: number, seed: number) => Float64Array.from(randomNumbers(count, { seed }));
  const feeds = { w: random(512, 1), a: random(32, 2), b: random(64, 3), m: random(32, 4) };
  const inputs: Readonly<Record<string, InputValue>> = {
    lora_a: input("a", [2, 16]),
    lora_b: input("b", [32, 2]),
    magnitude: input("m", [32]),
  };
  const made = adaptationOf("dora", { rank: 2, alpha: 3, sites: ["fc1"] }).weight?.(
    fc1,
    frozen,
    (name) => inputs[name.split(".").at(-1) as string] as InputValue,
  );
  if (!made) throw new Error("nothing is adapted");

  /** V = W + 3/2 · B·A, row by row. */
  const direction = (row: number) =>
    Array.from({ length: 16 }, (_, column) => {
      const product = [0, 1].reduce(
        (total, k) => total + (feeds.b[row * 2 + k] as number) * (feeds.a[k * 16 + column] as number),
        0,
      );
      return (feeds.w[row * 16 + column] as number) + 1.5 * product;
    });

  it("is m ⊙ V / ‖V‖", () => {
    const expected = Array.from({ length: 32 }, (_, row) => {
      const v = direction(row);
      return v.map((x) => ((feeds.m[row] as number) * x) / Math.hypot(...v));
    }).flat();
    expect(made.bias).toBe(frozen.bias);
    expect(dataOf({ y: made.weight }, feeds).y).toBeCloseToTensor(expected, { relative: 1e-13 });
  });

  it("has the paper's gradient, in which ‖V‖ is a constant: dV = m/‖V‖ ⊙ g, not orthogonal to V", () => {
    const g = random(512, 5);
    const loss = sum(mul(made.weight, input("g", [32, 16])), [0, 1]);
    const [byB] = grad(loss, [inputs.lora_b as InputValue]);
    const expected = Array.from({ length: 64 }, (_, at) => {
      const [row, k] = [Math.floor(at / 2), at % 2];
      const factor = (1.5 * (feeds.m[row] as number)) / Math.hypot(...direction(row));
      return Array.from({ length: 16 }).reduce<number>(
        (total, _, j) => total + factor * (g[row * 16 + j] as number) * (feeds.a[k * 16 + j] as number),
        0,
      );
    });
    expect(dataOf({ byB: byB as InputValue }, { ...feeds, g }).byB).toBeCloseToTensor(expected, {
      relative: 1e-12,
    });
  });
});
