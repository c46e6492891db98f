import { describe, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import { isTimmConfig, parseTimmConfig } from "./timm-config.ts";

describe("isTimmConfig", () => {
  it("tells timm's file from Hugging Face's by its architecture", () => {
    expect(isTimmConfig({ architecture: "vit_tiny_patch16_224" })).toBe(true);
    expect(isTimmConfig({ model_type: "vit", architecture: "x" })).toBe(false);
    expect(isTimmConfig({ architectures: ["ViTModel"] })).toBe(false);
    expect(isTimmConfig(null)).toBe(false);
  });
});

describe("parseTimmConfig", () => {
  const hub = {
    architecture: "vit_base_patch16_224",
    label_names: ["cat", "dog"],
    pretrained_cfg: {
      input_size: [3, 224, 224],
      interpolation: "bicubic",
      crop_pct: 0.9,
      mean: [0.5, 0.5, 0.5],
    },
  };

  it("resizes to floor(224 / 0.9) = 248 and crops", () => {
    expect(parseTimmConfig(hub, "C")).toMatchObject({
      layerNormEps: 1e-6,
      imageSize: [224, 224],
      labels: ["cat", "dog"],
      preprocessing: [
        ["resizeShort", { size: 248, filter: "bicubic" }],
        ["centerCrop", { size: [224, 224] }],
        ["normalize", { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }],
      ],
    });
  });

  it("squashes where crop_mode says so", () => {
    const squash = { ...hub, pretrained_cfg: { ...hub.pretrained_cfg, crop_mode: "squash", crop_pct: 1 } };
    expect(parseTimmConfig(squash, "C").preprocessing?.[0]).toEqual([
      "resize",
      { size: [224, 224], filter: "bicubic" },
    ]);
  });

  it("takes the image size of a fine-tuned model from its arguments", () => {
    expect(parseTimmConfig({ ...hub, model_args: { img_size: 384, num_heads: 12 } }, "C")).toMatchObject({
      imageSize: [384, 384],
      heads: 12,
    });
  });

  it.each<[object, string]>([
    [{ global_pool: "avg" }, 'C: global_pool is "avg"; only "token", the CLS token, can be run.'],
    [
      { model_args: { act_layer: "quick_gelu" } },
      'C: architecture "vit_x" has another activation than "gelu", which alone can be run.',
    ],
    [
      { pretrained_cfg: { input_size: [1, 12, 12] } },
      "C: pretrained_cfg.input_size has 1 channels; only 3 can be run.",
    ],
    [
      { pretrained_cfg: { input_size: [3, 12, 12], interpolation: "cubic" } },
      'C: pretrained_cfg.interpolation is "cubic"; known are nearest, box, bilinear, hamming, bicubic, lanczos.',
    ],
    [
      { pretrained_cfg: { input_size: [3, 12, 12], crop_mode: "border" } },
      'C: pretrained_cfg.crop_mode is "border"; known are center and squash.',
    ],
    [
      { pretrained_cfg: { input_size: [3, 12, 16] } },
      "C: pretrained_cfg.input_size is 12 x 16; with crop_mode center only squares can be prepared.",
    ],
    [{ pretrained_cfg: { crop_pct: 0 } }, "C: pretrained_cfg.crop_pct is 0, which no ViT can have."],
  ])("refuses a ViT that cannot be run (%#)", (change, message) => {
    expect(() => parseTimmConfig({ architecture: "vit_x", ...change }, "C")).toThrow(new FileError(message));
  });
});
