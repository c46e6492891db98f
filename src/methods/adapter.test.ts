import { describe, expect, it } from "vitest";
import { branchSample, narrowMlp, plainGelu } from "../../test/branch-sample.ts";
import {
  adaptationOf,
  countOf,
  expectExactStart,
  expectNearStart,
  expectSpread,
  largest,
  rowsOf,
  startFeeds,
  startsOf,
  TRUNCATED_STD,
  vitB16,
} from "../../test/tiny-methods.ts";

describe("what an adapter trains", () => {
  it.each([
    // per adapter two matrices of width · bottleneck, and biases of bottleneck and width
    [{}, 12 * 2 * (2 * 768 * 8 + 8 + 768)],
    [{ bottleneck: 64 }, 12 * 2 * (2 * 768 * 64 + 64 + 768)],
    [{ sites: ["mlp"] }, 12 * (2 * 768 * 8 + 8 + 768)],
  ])("with %j in ViT-B/16: %d", (options, count) => {
    expect(countOf(adaptationOf("adapter", options), vitB16)).toBe(count);
  });

  it("names, shapes and decay of one block", () => {
    const part = (branch: string) => [
      `blocks.0.${branch}.down.weight 3,16 decayed`,
      `blocks.0.${branch}.down.bias 3`,
      `blocks.0.${branch}.up.weight 16,3 decayed`,
      `blocks.0.${branch}.up.bias 16`,
    ];
    expect(rowsOf(adaptationOf("adapter", { bottleneck: 3 }))).toEqual([
      ...part("attention"),
      ...part("mlp"),
    ]);
    expect(rowsOf(adaptationOf("adapter", { bottleneck: 3, sites: ["attention"] }))).toEqual(
      part("attention"),
    );
  });
});

describe("the start of an adapter", () => {
  it("has both matrices normal with a std of 0.01, cut at twice that, and biases of 0", () => {
    const adaptation = adaptationOf("adapter");
    for (const leaf of [".down.weight", ".up.weight"])
      expectSpread(startsOf(adaptation, leaf), { std: 0.01 * TRUNCATED_STD, bound: 0.02 });
    for (const [name, data] of Object.entries(startFeeds(adaptation)))
      if (name.endsWith(".bias")) expect(largest(data), name).toBe(0);
  });

  it("is close to the pre-trained model, and moves", () => expectNearStart(adaptationOf("adapter")));

  it("is the pre-trained model exactly with init identity, and `up` moves", () =>
    expectExactStart(adaptationOf("adapter", { init: "identity" }), /\.up\./));
});

describe("the branch of an adapter", () => {
  it.each(["attention", "mlp"])("is y + up(GELU(down(y))) after %s", (role) => {
    const { made, feeds } = branchSample(adaptationOf("adapter", { bottleneck: 2 }), role);
    const { y } = feeds as { y: Float64Array };
    const up = narrowMlp(feeds, { x: y, name: `blocks.0.${role}`, between: plainGelu });
    expect(made).toBeCloseToTensor(
      y.map((value, i) => value + (up[i] as number)),
      { relative: 1e-7 },
    );
  });

  it("leaves a branch alone that is not among its sites", () => {
    expect(branchSample(adaptationOf("adapter", { sites: ["mlp"] }), "attention").made).toBeUndefined();
  });
});
