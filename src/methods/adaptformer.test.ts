import { describe, expect, it } from "vitest";
import { branchSample, narrowMlp } from "../../test/branch-sample.ts";
import {
  adaptationOf,
  countOf,
  frozenFeeds,
  gradientsOf,
  largest,
  logitsOf,
  rowsOf,
  startFeeds,
  vitB16,
} from "../../test/tiny-methods.ts";

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
  const adaptation = adaptationOf("adaptformer", { bottleneck: 2, scale: 0.5 });

  it("adds s · up(ReLU(down(x))) beside the MLP", () => {
    const { made, feeds } = branchSample(adaptation, "mlp");
    const { x, y } = feeds as { x: Float64Array; y: Float64Array };
    const up = narrowMlp(feeds, { x, name: "blocks.0.mlp", between: (narrow) => Math.max(0, narrow) });
    expect(made).toBeCloseToTensor(
      y.map((value, i) => value + 0.5 * (up[i] as number)),
      { relative: 1e-14 },
    );
  });

  it("leaves attention alone", () => {
    expect(branchSample(adaptation, "attention").made).toBeUndefined();
  });
});
