import { describe, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import { parseHuggingFaceConfig } from "./hugging-face-config.ts";
import type { ModelHints } from "./model-hints.ts";

const types =
  'models of these types can be read: "swin", "swinv2", "convnext", "convnextv2", "resnet", "vit", "vit_mae", "vit_msn", "deit", "dinov2", "dinov2_with_registers", "dinov3_vit", "clip_vision_model", "siglip_vision_model", "beit", "data2vec-vision", "clip", "siglip".';

const parseVit = (value: unknown) => parseHuggingFaceConfig(value, "C") as ModelHints;

describe("parseHuggingFaceConfig", () => {
  it("gives what the file says, and leaves out what it does not", () => {
    const config = {
      model_type: "vit",
      hidden_size: 16,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      intermediate_size: 24,
      hidden_act: "gelu",
      layer_norm_eps: 1e-12,
      image_size: [12, 16],
      patch_size: 4,
      num_channels: 3,
      qkv_bias: true,
      id2label: { "0": "cat", "1": "dog" },
    };
    expect(parseHuggingFaceConfig(config, "C")).toMatchObject({
      where: "C",
      width: 16,
      depth: 2,
      heads: 2,
      mlpWidth: 24,
      layerNormEps: 1e-12,
      imageSize: [12, 16],
      patchSize: 4,
      labels: ["cat", "dog"],
    });
    const { names: _, ...least } = parseVit({ model_type: "vit", image_size: 8 });
    // transformers' ViTConfig() and ViTMSNConfig()
    expect(least).toEqual({
      family: "vit",
      where: "C",
      imageSize: [8, 8],
      labels: [],
      heads: 12,
      layerNormEps: 1e-12,
      modelType: "vit",
      activation: "gelu",
    });
    expect(parseVit({ model_type: "clip" })).toMatchObject({ heads: 12, activation: "quick-gelu" });
    expect(parseVit({ model_type: "siglip", vision_config: { hidden_size: 8 } })).toMatchObject({
      ...{ width: 8, activation: "gelu-tanh", layerNormEps: 1e-6 },
    });
    expect(parseVit({ model_type: "vit_msn" }).layerNormEps).toBe(1e-6);
  });

  it("sorts labels by their number, and takes LABEL_0 for none", () => {
    const labels = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [String(11 - i), `n${11 - i}`]));
    expect(parseHuggingFaceConfig({ model_type: "vit", id2label: labels }, "C").labels?.[10]).toBe("n10");
    for (const id2label of [["7", 8], { "1": 8, "0": 7 }])
      expect(parseHuggingFaceConfig({ model_type: "vit", id2label }, "C").labels).toEqual(["7", "8"]);
    const label2id = { dog: 1, cat: 0 };
    expect(parseHuggingFaceConfig({ model_type: "vit", label2id }, "C").labels).toEqual(["cat", "dog"]);
    const placeholders = { "0": "LABEL_0", "1": "LABEL_1" };
    expect(parseHuggingFaceConfig({ model_type: "vit", id2label: placeholders }, "C").labels).toEqual([]);
  });

  it.each<[object, string]>([
    [{ model_type: "mixer" }, `C: model_type is "mixer"; ${types}`],
    [{ model_type: undefined }, `C: model_type is nothing; ${types}`],
    [
      { hidden_act: "relu" },
      'C: hidden_act is "relu"; known are gelu, gelu_pytorch_tanh, gelu_new, quick_gelu, silu, swish.',
    ],
    [{ rope_theta: 10 }, "C: rope_theta is 10; only DINOv3's 100 can be run."],
    [{ num_channels: 1 }, "C: num_channels is 1; only 3 can be run."],
    [{ patch_size: [4, 8] }, "C: patch_size is 4 x 8; only square patches can be run."],
    [{ layer_norm_eps: "1e-12" }, 'C: layer_norm_eps is "1e-12", which no ViT can have.'],
    [{ layer_norm_eps: 0 }, "C: layer_norm_eps is 0, which no ViT can have."],
    [{ hidden_size: -1 }, "C: hidden_size is -1, which no ViT can have."],
    [{ id2label: { "0": "a", "2": "b" } }, "C: id2label has 2 labels, but none for class 1."],
    [{ id2label: [null] }, "C: id2label is [null], which no ViT can have."],
    [
      { problem_type: "segmentation" },
      'C: problem_type is "segmentation"; known are single_label_classification, multi_label_classification and regression.',
    ],
  ])("refuses a ViT that cannot be run (%#)", (change, message) => {
    expect(() => parseHuggingFaceConfig({ model_type: "vit", ...change }, "C")).toThrow(
      new FileError(message),
    );
  });

  it.each([[null], ["vit"], [[]]])("refuses %o", (value) => {
    expect(() => parseHuggingFaceConfig(value, "C")).toThrow(
      new FileError(`C: model_type is nothing; ${types}`),
    );
  });
});
