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
  startsOf,
  TRUNCATED_STD,
  vitB16,
} from "../../test/tiny-methods.ts";

describe("what Adapter+ trains", () => {
  it.each([
    // per block two matrices of width · bottleneck, their biases, and a scale of width
    [8, 12 * (2 * 768 * 8 + 8 + 2 * 768)],
    [16, 12 * (2 * 768 * 16 + 16 + 2 * 768)],
  ])("a bottleneck of %d in ViT-B/16: %d", (bottleneck, count) => {
    expect(countOf(adaptationOf("adapter-plus", { bottleneck }), vitB16)).toBe(count);
  });

  it("names, shapes and decay of one block", () => {
    expect(rowsOf(adaptationOf("adapter-plus", { bottleneck: 3 }))).toEqual([
      "blocks.0.mlp.down.weight 3,16 decayed",
      "blocks.0.mlp.down.bias 3",
      "blocks.0.mlp.up.weight 16,3 decayed",
      "blocks.0.mlp.up.bias 16",
      "blocks.0.mlp.scale 16",
    ]);
  });
});

describe("the start of Adapter+", () => {
  it("has both matrices normal with a std of 0.01, cut at twice that, biases of 0 and scales of 1", () => {
    const adaptation = adaptationOf("adapter-plus");
    for (const leaf of [".down.weight", ".up.weight"])
      expectSpread(startsOf(adaptation, leaf), { std: 0.01 * TRUNCATED_STD, bound: 0.02 });
    expect(largest(startsOf(adaptation, ".bias"))).toBe(0);
    expect([...new Set(startsOf(adaptation, ".scale"))]).toEqual([1]);
  });

  it("is close to the pre-trained model, and moves", () => expectNearStart(adaptationOf("adapter-plus")));

  it("is the pre-trained model exactly with init identity, and `up` moves", () =>
    expectExactStart(adaptationOf("adapter-plus", { init: "identity" }), /\.up\./));
});

describe("the branch of Adapter+", () => {
  const adaptation = adaptationOf("adapter-plus", { bottleneck: 2 });

  it("is y + scale ⊙ up(GELU(down(x + y))) after the MLP: the block's output, adapted", () => {
    const { made, feeds } = branchSample(adaptation, "mlp");
    const { x, y, "blocks.0.mlp.scale": scale } = feeds as Record<string, Float64Array>;
    const sum = (y as Float64Array).map((value, i) => value + (x?.[i] ?? Number.NaN));
    const up = narrowMlp(feeds, { x: sum, name: "blocks.0.mlp", between: plainGelu });
    expect(made).toBeCloseToTensor(
      Array.from(y ?? [], (value, i) => value + (up[i] as number) * (scale?.[i % 16] ?? Number.NaN)),
      { relative: 1e-7 },
    );
  });

  it("leaves attention alone", () => {
    expect(branchSample(adaptation, "attention").made).toBeUndefined();
  });
});
