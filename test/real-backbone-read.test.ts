import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sizeOf } from "../src/formats/tensor.ts";
import { hashWeights } from "../src/model/hash.ts";
import { readModel } from "../src/model/read-model.ts";

const real = join(
  process.env.RLRR_DATA ?? "../shared/data",
  "backbones/vit_tiny_patch16_224_augreg_in21k_ft_in1k.safetensors",
);

describe.skipIf(!existsSync(real))("the real backbone, read (skipped where RLRR_DATA is missing)", () => {
  it("reads its sizes and 5,717,416 numbers", async () => {
    const model = await readModel(real);
    expect(model.config).toEqual({
      imageSize: [224, 224],
      patchSize: 16,
      width: 192,
      depth: 12,
      heads: 3,
      mlpWidth: 768,
      layerNormEps: 1e-6,
      classes: 1000,
    });
    const sizes = [...model.weights.values()].map(({ shape }) => sizeOf(shape));
    expect(await hashWeights(model)).toBe("d977d961b2b540c0f61d92f2418abf6f2eccee13460cf0ccbb23dce9259de7df");
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(5_717_416);
  });
});
