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
      std: [0.5, 0.5, 0.5],
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

  // timm.create_model(name).blocks[0].attn.num_heads
  it.each([
    ["vit_giant_patch14_224", 16],
    ["vit_gigantic_patch14_224", 16],
    ["test_vit", 2],
    ["vit_so400m_patch14_siglip_224", 16],
    ["vit_giant_patch14_dinov2", 24],
    ["vit_base_patch16_plus_240", 14],
    ["vit_tiny_patch16_224.augreg_in21k", 3],
    ["vit_large_patch16_224_in21k", 16],
  ])("knows the heads of %s", (architecture, heads) => {
    expect(parseTimmConfig({ architecture }, "C")).toMatchObject({ heads });
  });

  it("keeps the architecture's heads where an argument changes its width, as timm does", () => {
    const small = { ...hub, model_args: { embed_dim: 384, depth: 4, patch_size: 16 } };
    expect(parseTimmConfig(small, "C")).toMatchObject({ heads: 12, width: 384, depth: 4, patchSize: 16 });
  });

  it("does not know the heads of another architecture", () => {
    const hints = parseTimmConfig({ ...hub, architecture: "vit_mine", model_args: { embed_dim: 384 } }, "C");
    expect(hints).toMatchObject({ unknownArchitecture: "vit_mine", width: 384 });
    expect(hints).not.toHaveProperty("heads");
  });

  it("reads an older file, with the fields of pretrained_cfg beside the architecture", () => {
    const { pretrained_cfg: fields, label_names: labels, ...rest } = hub;
    expect(parseTimmConfig({ ...rest, ...fields, labels, num_features: 768 }, "C")).toEqual(
      parseTimmConfig(hub, "C"),
    );
  });

  // timm.data.resolve_data_config(pretrained_cfg)
  it.each([
    ["absent", {}],
    ["null", { interpolation: null, crop_pct: null, crop_mode: null, mean: null, std: null }],
  ])("takes timm's defaults for fields that are %s", (_, fields) => {
    const bare = {
      architecture: "vit_base_patch16_224",
      pretrained_cfg: { input_size: [3, 224, 224], ...fields },
    };
    expect(parseTimmConfig(bare, "C").preprocessing).toEqual([
      ["resizeShort", { size: 256, filter: "bicubic" }],
      ["centerCrop", { size: [224, 224] }],
      ["normalize", { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }],
    ]);
  });

  it("takes one number for all channels", () => {
    const grey = { ...hub, pretrained_cfg: { ...hub.pretrained_cfg, mean: 0.5, std: 0.25 } };
    expect(parseTimmConfig(grey, "C").preprocessing?.at(-1)).toEqual([
      "normalize",
      { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    ]);
  });

  it.each([
    [{ crop_mode: "border", mean: [0.5, 0.4, 0.1] }, "contain", { fill: [128, 102, 26] }],
    [{ crop_mode: "center" }, "cover", {}],
  ])("keeps the aspect ratio of what is not square with %o", (fields, fit, fill) => {
    const wide = { ...hub, pretrained_cfg: { ...hub.pretrained_cfg, input_size: [3, 192, 256], ...fields } };
    expect(parseTimmConfig(wide, "C")).toMatchObject({ imageSize: [192, 256] });
    expect(parseTimmConfig(wide, "C").preprocessing?.slice(0, 2)).toEqual([
      ["resizeFit", { size: [213, 284], fit, filter: "bicubic" }],
      ["centerCrop", { size: [192, 256], ...fill }],
    ]);
  });

  it.each([
    ["numbers", [7, 8]],
    ["an object by class", { "1": 8, "0": "7" }],
    ["an object by name", { "7": 0, eight: 1 }],
  ])("reads labels that are %s", (kind, names) => {
    const expected = kind === "an object by name" ? ["7", "eight"] : ["7", "8"];
    expect(parseTimmConfig({ ...hub, label_names: names }, "C").labels).toEqual(expected);
  });

  it.each<[object, string]>([
    [{ global_pool: "avgmax" }, 'C: global_pool is "avgmax"; known are token, avg, map.'],
    [
      { model_args: { act_layer: "relu" } },
      'C: model_args.act_layer is "relu"; known are gelu, gelu_tanh, quick_gelu, silu, swish.',
    ],
    [
      { architecture: "vit_small_patch16_rope_224" },
      'C: architecture "vit_small_patch16_rope_224" has rotary positions of its own kind; only those of DINOv3 and EVA-02 can be run.',
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
      { pretrained_cfg: { input_size: [3, 12, 12], crop_mode: "pad" } },
      'C: pretrained_cfg.crop_mode is "pad"; known are center, squash and border.',
    ],
    [
      { model_args: { norm_layer: "rmsnorm" } },
      'C: model_args.norm_layer is "rmsnorm"; only timm\'s default can be run.',
    ],
    [
      { model_args: { block_fn: "ResPostBlock" } },
      'C: model_args.block_fn is "ResPostBlock"; only timm\'s default can be run.',
    ],
    [
      { architecture: "vit_base_patch16_rpn_224" },
      'C: architecture "vit_base_patch16_rpn_224" has its norms behind the branches of a block; only those before them can be run.',
    ],
    [
      { model_args: { rope_temperature: 5 } },
      "C: model_args.rope_temperature is 5; only timm's default can be run.",
    ],
    [{ label_names: { "0": "cat", "2": "dog" } }, "C: label_names has 2 labels, but none for class 1."],
    [{ pretrained_cfg: { crop_pct: 0 } }, "C: pretrained_cfg.crop_pct is 0, which no ViT can have."],
  ])("refuses a ViT that cannot be run (%#)", (change, message) => {
    expect(() => parseTimmConfig({ architecture: "vit_x", ...change }, "C")).toThrow(new FileError(message));
  });
});
