import { describe, expect, it } from "vitest";
import { tinyModel } from "../../test/tiny-model.ts";
import { tinyVariations } from "../../test/tiny-variations.ts";
import { tiny } from "../../test/tiny-vit.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { modelShapes } from "./architectures.ts";
import { hashWeights } from "./hash.ts";
import { resizeVit } from "./resize-vit.ts";
import type { VitConfig } from "./vit.ts";

const options = { imageSize: [16, 12], method: "bicubic", read: readWeight } as const;

describe("resizeVit", () => {
  it.each(Object.entries(tinyVariations))(
    "gives %s the weights that its new size needs",
    async (_, config) => {
      const { weights } = tinyModel(config);
      const resized = await resizeVit({ config, weights }, options);
      expect(resized.config).toEqual({ ...config, imageSize: [16, 12] });
      const shapes = [...resized.weights].map(([name, { shape }]) => [name, shape]);
      expect(new Map(shapes as [string, number[]][])).toEqual(modelShapes(resized.config));
      // An adapter knows its base by the weights before.
      const storedWeights = resized.stored ?? new Map();
      expect(await hashWeights({ weights: resized.weights, storedWeights })).toBe(
        await hashWeights({ weights }),
      );
    },
  );

  it("keeps what is said of CLS, and distances that are all alike", async () => {
    const config: VitConfig = { ...tiny, distillation: true, pool: "mean", relativeBias: true };
    const model = tinyModel(config);
    const weights = new Map(model.weights);
    const table = new Float32Array((3 * 3 + 3) * 2).fill(0.5);
    table.set([1, 2, 3, 4, 5, 6], 18);
    weights.set("blocks.0.relative", { shape: [12, 2], data: table });
    const resized = await resizeVit({ config, weights }, options);
    const { data } = await readWeight(resized.weights.get("blocks.0.relative") ?? { shape: [], data: table });
    expect(data).toHaveLength((7 * 5 + 3) * 2);
    expect([...data.subarray(-6)]).toEqual([1, 2, 3, 4, 5, 6]);
    for (const value of data.subarray(0, -6)) expect(value).toBeCloseTo(0.5, 6);
    const before = model.weights.get("position");
    const after = resized.weights.get("position");
    if (!before || !after) throw new Error("no positions");
    const [old, now] = [await readWeight(before), await readWeight(after)];
    expect([...now.data.subarray(0, 2 * 16)]).toEqual([...old.data.subarray(0, 2 * 16)]);
    expect(now.shape).toEqual([1, 2 + 4 * 3, 16]);
  });

  it("leaves all as it is at the same size", async () => {
    const config = tinyVariations.BEiT ?? tiny;
    const { weights } = tinyModel(config);
    const resized = await resizeVit({ config, weights }, { ...options, imageSize: 8 });
    expect(resized).toEqual({ config, weights, notes: [] });
  });
});
