import { describe, expect, it } from "vitest";
import { sizeOf } from "../formats/tensor.ts";
import { backboneOf } from "./architectures.ts";
import { describeNamed, modelFor, namedModels } from "./named-models.ts";
import { vitVariants as variants } from "./variants.ts";

describe("namedModels", () => {
  it.each([...namedModels.values()])("counts the parameters of $name as its backbone does", (model) => {
    const shapes = [...backboneOf(variants[model.size]).shapes.values()];
    const parameters = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
    expect(Number((parameters / 1e6).toFixed(1))).toBe(model.millions);
    // Four bytes each, and a head or a pooler.
    expect(model.megabytes).toBeGreaterThanOrEqual((4 * parameters) / 1e6);
    expect(model.megabytes).toBeLessThan((4 * parameters) / 1e6 + 5);
  });

  it("is said in one line", () => {
    const tiny = namedModels.get("tiny");
    expect(tiny && describeNamed(tiny)).toBe(
      "tiny: timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k, 5.5 million parameters, 23 MB, Apache-2.0",
    );
  });
});

describe("modelFor", () => {
  it.each([
    [1, 64, "tiny"],
    [3, 64, "tiny"],
    [4, 64, "small"],
    [4, 2, "tiny"],
    [12, 64, "small"],
    [13, 64, "base"],
    [64, 6, "small"],
  ])("gives a machine of %d cores and %d GB the model %s", (cores, gigabytes, name) => {
    expect(modelFor({ cores, memoryBytes: 1e9 * gigabytes }).name).toBe(name);
  });
});
