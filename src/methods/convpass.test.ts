import { describe, expect, it } from "vitest";
import { branchSample, tokens, width } from "../../test/branch-sample.ts";
import {
  adaptationOf,
  countOf,
  expectSpread,
  type Feeds,
  frozenFeeds,
  gradientsOf,
  largest,
  logitsOf,
  rowsOf,
  startFeeds,
  startsOf,
  vitB16,
} from "../../test/tiny-methods.ts";

describe("what Convpass trains", () => {
  it.each([
    // per bypass two matrices of width · bottleneck, nine of bottleneck · bottleneck, and biases: 0.33 M
    [{}, 12 * 2 * (2 * 768 * 8 + 9 * 8 * 8 + 2 * 8 + 768)],
    [{ sites: ["attention"] }, 12 * (2 * 768 * 8 + 9 * 8 * 8 + 2 * 8 + 768)],
    [{ bottleneck: 16 }, 12 * 2 * (2 * 768 * 16 + 9 * 16 * 16 + 2 * 16 + 768)],
  ])("with %j in ViT-B/16: %d", (options, count) => {
    expect(countOf(adaptationOf("convpass", options), vitB16)).toBe(count);
  });

  it("names, shapes and decay of one block: their code decays the biases too", () => {
    const part = (branch: string) => [
      `blocks.0.${branch}.down.weight 3,16 decayed`,
      `blocks.0.${branch}.down.bias 3 decayed`,
      `blocks.0.${branch}.up.weight 16,3 decayed`,
      `blocks.0.${branch}.up.bias 16 decayed`,
      `blocks.0.${branch}.conv.weight 3,3,3,3 decayed`,
      `blocks.0.${branch}.conv.bias 3 decayed`,
    ];
    const options = { bottleneck: 3 };
    expect(rowsOf(adaptationOf("convpass", options))).toEqual([...part("attention"), ...part("mlp")]);
    expect(rowsOf(adaptationOf("convpass", { ...options, sites: ["mlp"] }))).toEqual(part("mlp"));
  });
});

describe("the start of Convpass", () => {
  const adaptation = adaptationOf("convpass");

  it("has `down` by Xavier, a kernel that passes its input through, and the rest at 0", () => {
    const bound = Math.sqrt(6 / (768 + 8));
    expectSpread(startsOf(adaptation, ".down.weight"), { std: bound / Math.sqrt(3), bound });
    for (const leaf of [".bias", ".up.weight"]) expect(largest(startsOf(adaptation, leaf)), leaf).toBe(0);
    const kernel = startsOf(adaptation, "blocks.0.mlp.conv.weight");
    const ones = kernel.flatMap((value, at) => (value === 1 ? [at] : []));
    // [out, in, 3, 3]: out = in, and the fifth of nine
    expect(ones).toEqual(Array.from({ length: 8 }, (_, channel) => channel * 8 * 9 + channel * 9 + 4));
    expect(kernel.filter((value) => value !== 0)).toHaveLength(8);
  });

  it("has a kernel by Xavier where told", () => {
    const bound = Math.sqrt(6 / (16 * 9 + 16 * 9));
    const kernels = startsOf(adaptationOf("convpass", { kernel: "xavier", bottleneck: 16 }), ".conv.weight");
    expectSpread(kernels, { std: bound / Math.sqrt(3), bound });
  });

  it("is the pre-trained model, and moves: `up` has a gradient, the rest none yet", () => {
    const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };
    // To rounding: the frozen model computes its last block for CLS alone, in another order.
    expect(logitsOf(feeds, adaptation)).toBeCloseToTensor(logitsOf(frozenFeeds), { relative: 1e-14 });
    for (const [name, gradient] of Object.entries(gradientsOf(feeds, adaptation)))
      if (name.includes(".up.")) expect(largest(gradient), name).toBeGreaterThan(1e-7);
      else if (!name.startsWith("head.")) expect(largest(gradient), name).toBe(0);
  });
});

describe("the bypass of Convpass", () => {
  const h = 2;
  const quickGelu = (x: number) => x / (1 + Math.exp(-1.702 * x));

  /** up(q(conv(q(down(normed))))) in plain loops: token 0 is CLS, the others a grid of 2 by 2. */
  function plainBypass(feeds: Feeds, name: string): number[] {
    const at = (tensor: string, i: number) => feeds[tensor]?.[i] ?? Number.NaN;
    const part = (tensor: string, i: number) => at(`${name}.${tensor}`, i);
    const narrow = Array.from({ length: tokens }, (_, token) =>
      Array.from({ length: h }, (_, k) => {
        let sum = part("down.bias", k);
        for (let i = 0; i < width; i++)
          sum += part("down.weight", k * width + i) * at("normed", token * width + i);
        return quickGelu(sum);
      }),
    );
    /** The places of a token and of its neighbours, and which of the nine weights each has. */
    const seenFrom = (token: number): (readonly [number, number])[] => {
      if (token === 0) return [[0, 4]];
      const [row, column] = [Math.floor((token - 1) / 2), (token - 1) % 2];
      return [1, 2, 3, 4].map((other) => {
        const [r, c] = [Math.floor((other - 1) / 2) - row, ((other - 1) % 2) - column];
        return [other, (r + 1) * 3 + (c + 1)] as const;
      });
    };
    return narrow.flatMap((_, token) => {
      const mixed = Array.from({ length: h }, (_, k) => {
        let sum = part("conv.bias", k);
        for (const [other, place] of seenFrom(token))
          for (let c = 0; c < h; c++)
            sum += part("conv.weight", (k * h + c) * 9 + place) * (narrow[other]?.[c] ?? Number.NaN);
        return quickGelu(sum);
      });
      return Array.from({ length: width }, (_, i) =>
        mixed.reduce((sum, value, k) => sum + part("up.weight", i * h + k) * value, part("up.bias", i)),
      );
    });
  }

  it.each(["attention", "mlp"])("is y + s · up(q(conv(q(down(normed))))) beside %s", (role) => {
    const { made, feeds } = branchSample(adaptationOf("convpass", { bottleneck: h, scale: 0.5 }), role);
    const added = plainBypass(feeds, `blocks.0.${role}`);
    expect(made).toBeCloseToTensor(
      Array.from(feeds.y ?? [], (value, i) => value + 0.5 * (added[i] ?? Number.NaN)),
      { relative: 1e-7 },
    );
  });

  it("leaves a branch alone that is not among its sites", () => {
    expect(branchSample(adaptationOf("convpass", { sites: ["mlp"] }), "attention").made).toBeUndefined();
  });
});
