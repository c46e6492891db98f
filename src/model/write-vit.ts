/** A Vision Transformer as transformers stores it: its config.json, and the classic names of its weights. */

import type { Shape, Weight, Weights } from "../formats/tensor.ts";
import { huggingFaceNames } from "./names.ts";
import type { VitConfig } from "./vit.ts";

/** Their shape of ours: patches get their three axes back. */
const theirShape = (ours: string, shape: Shape, { patchSize, width }: VitConfig): Shape =>
  ours === "patch.weight" ? [width, 3, patchSize, patchSize] : shape;

/** Our weights under the classic names. */
export function renderVitWeights(config: VitConfig, weights: Weights): Weights {
  const { outer, block } = huggingFaceNames;
  const theirName = (ours: string): string => {
    const [, index, inner] = /^blocks\.(\d+)\.(.+)$/.exec(ours) ?? [];
    const row = (inner === undefined ? outer : block).find((candidate) => candidate.ours === (inner ?? ours));
    if (row === undefined) throw new Error(`internal: no classic name for ${ours}`);
    const body = inner === undefined ? row.theirs : `${huggingFaceNames.blockRoot}${index}.${row.theirs}`;
    return ours.startsWith("head.") ? body : `vit.${body}`;
  };
  const result = new Map<string, Weight>();
  for (const [ours, weight] of weights)
    result.set(theirName(ours), { ...weight, shape: theirShape(ours, weight.shape, config) });
  return result;
}

export function renderVitConfig(config: VitConfig): Readonly<Record<string, unknown>> {
  const { imageSize, classes } = config;
  return {
    architectures: [classes > 0 ? "ViTForImageClassification" : "ViTModel"],
    attention_probs_dropout_prob: 0,
    encoder_stride: config.patchSize,
    hidden_act: "gelu",
    hidden_dropout_prob: 0,
    hidden_size: config.width,
    image_size: imageSize[0] === imageSize[1] ? imageSize[0] : imageSize,
    initializer_range: 0.02,
    intermediate_size: config.mlpWidth,
    layer_norm_eps: config.layerNormEps,
    model_type: "vit",
    num_attention_heads: config.heads,
    num_channels: 3,
    num_hidden_layers: config.depth,
    patch_size: config.patchSize,
    qkv_bias: true,
  };
}
