import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { formulaImage } from "../../test/formula-image.ts";
import { readGolden } from "../../test/golden.ts";
import { randomStream } from "../random.ts";
import { applyActions } from "./actions.ts";
import { changes, randAugment } from "./rand-augment.ts";

interface Golden {
  readonly levels: readonly number[];
  readonly fill: readonly [number, number, number];
  readonly cases: readonly {
    readonly size: readonly [width: number, height: number];
    /** In timm's list. */
    readonly index: number;
    readonly name: string;
    readonly filter: "bilinear" | "bicubic";
    readonly sha256: string;
  }[];
}
const golden = readGolden<Golden>("rand-augment");

describe("RandAugment", () => {
  it.each(golden.cases)("changes bytes as timm and Pillow do: $name, $filter, $size", (one) => {
    const [width, height] = one.size;
    const drawn = formulaImage([height, width]);
    const soft = { ...drawn, pixels: drawn.pixels.map((byte) => Math.floor(byte / 3) + 40) };
    const hash = createHash("sha256");
    const options = { magnitude: 9, magnitudeStd: 0.5, filter: one.filter, fill: golden.fill };
    for (const image of [drawn, soft])
      for (const level of golden.levels)
        for (const sign of [1, -1]) {
          const eitherSign = (value: number) => sign * value;
          const action = changes[one.index]?.(level, { image, options, eitherSign });
          hash.update(applyActions(image, action ? [action] : []).pixels);
        }
    expect(hash.digest("hex")).toBe(one.sha256);
  });

  const options = { magnitude: 9, magnitudeStd: 0.5, filter: "bicubic", fill: [128, 128, 128] } as const;
  const sample = (seed: number) =>
    randAugment(options, { width: 10, height: 10 }, randomStream(seed, "augment").next);

  it("leaves out each of two changes as often as not, and takes all fifteen", () => {
    const all = Array.from({ length: 3000 }, (_, seed) => sample(seed));
    expect(all.flat().length / 3000).toBeCloseTo(1, 1);
    const kinds = all.flat().map((action) => {
      if (action.type === "tone") return action.tone.kind;
      if (action.type === "enhance") return action.what;
      if (action.type !== "warp") return "none of it";
      const [a, b, c, d, , f] = action.matrix;
      return a !== 1 ? "rotate" : [b, c, d, f].findIndex((number) => number !== 0);
    });
    const counts = [...new Set(kinds)].map((kind) => kinds.filter((one) => one === kind).length);
    expect(counts).toHaveLength(15);
    for (const count of counts) expect(Math.abs((15 * count) / kinds.length - 1)).toBeLessThan(0.25);
  });

  it("has levels about its magnitude, ten at most", () => {
    const factors = Array.from({ length: 3000 }, (_, seed) => sample(seed))
      .flat()
      .flatMap((action) => (action.type === "enhance" ? [action.factor] : []));
    const levels = factors.map((factor) => (Math.abs(factor - 1) / 0.9) * 10);
    const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length;
    expect(mean).toBeCloseTo(9, 1);
    expect(Math.max(...levels)).toBeLessThanOrEqual(10 + 1e-9);
    expect(factors.filter((factor) => factor < 1).length / factors.length).toBeCloseTo(0.5, 1);
  });

  it("is the same for the same random numbers", () => expect(sample(3)).toEqual(sample(3)));
});
