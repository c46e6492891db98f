/** How transformers names the weights of Vision Transformers, on disk and in memory. */

import type { NamingScheme, Row } from "./naming-scheme.ts";
import { anyPrefix, inProjection, packed, pair, patches, single, torch } from "./torch-rows.ts";

const huggingFaceOuter: readonly Row[] = [
  ...patches("embeddings.patch_embeddings.projection"),
  single("cls", "embeddings.cls_token"),
  single("distillation", "embeddings.distillation_token"),
  single("registers", "embeddings.register_tokens"),
  single("position", "embeddings.position_embeddings"),
  ...pair("norm", "layernorm"),
  ...pair("norm", "pooler.layernorm", { pooled: true }),
  ...pair("head", "classifier"),
  ...pair("head", "cls_classifier"),
];

const scale1 = { scaledBy: ["layer_scale1.lambda1", "lambda_1"] } as const;
const scale2 = { scaledBy: ["layer_scale2.lambda1", "lambda_2"] } as const;
const table = "relative_position_bias.relative_position_bias_table";

/** Names on disk, which transformers writes to this day. */
const classicBlock: readonly Row[] = [
  ...pair("norm1", "layernorm_before"),
  ...pair("q", "attention.attention.query"),
  ...pair("k", "attention.attention.key"),
  ...pair("v", "attention.attention.value"),
  single("relative", `attention.attention.${table}`),
  ...pair("o", "attention.output.dense", scale1),
  ...pair("norm2", "layernorm_after"),
  ...packed("mlp.weights_in"),
  ...pair("fc1", "intermediate.dense"),
  ...pair("fc2", "output.dense", scale2),
  ...pair("fc2", "mlp.weights_out", scale2),
];

/** Names in memory since transformers 5, and of DINOv2 and DINOv3 partly on disk. */
const block5: readonly Row[] = [
  ...pair("norm1", "layernorm_before"),
  ...pair("norm1", "norm1"),
  ...pair("q", "attention.q_proj"),
  ...pair("k", "attention.k_proj"),
  ...pair("v", "attention.v_proj"),
  single("relative", table),
  ...pair("o", "attention.o_proj", scale1),
  ...pair("norm2", "layernorm_after"),
  ...pair("norm2", "norm2"),
  ...pair("gate", "mlp.gate_proj"),
  ...pair("fc1", "mlp.fc1"),
  ...pair("fc1", "mlp.up_proj"),
  ...pair("fc2", "mlp.fc2", scale2),
  ...pair("fc2", "mlp.down_proj", scale2),
];

const huggingFace: NamingScheme = {
  ...torch,
  title: "Hugging Face",
  prefixes: anyPrefix,
  blockRoot: "encoder.layer.",
  layerNormEps: 1e-12,
  secondHead: "distillation_classifier",
  outer: huggingFaceOuter,
  block: [...classicBlock, ...block5],
};

const huggingFace5: NamingScheme = {
  ...huggingFace,
  title: "Hugging Face (transformers 5)",
  blockRoot: "layers.",
  block: [...block5, ...classicBlock],
};

/** Of DINOv3, whose blocks stand under `layer.`, in memory under `model.layer.`. */
const dinov3 = (blockRoot: string): NamingScheme => ({
  ...torch,
  title: "Hugging Face (DINOv3)",
  modelTypes: ["dinov3_vit"],
  prefixes: anyPrefix,
  blockRoot,
  layerNormEps: 1e-5,
  presets: { rotary: "dinov3" },
  outer: [
    ...patches("embeddings.patch_embeddings"),
    single("cls", "embeddings.cls_token"),
    single("registers", "embeddings.register_tokens"),
    ...pair("norm", "norm"),
    ...pair("head", "classifier"),
  ],
  block: block5,
});

/** A block of the towers of CLIP and SigLIP, of images and of texts. */
export const towerBlock: readonly Row[] = [
  ...pair("norm1", "layer_norm1"),
  ...["q", "k", "v"].flatMap((ours) => pair(ours, `self_attn.${ours}_proj`)),
  ...pair("o", "self_attn.out_proj"),
  ...pair("norm2", "layer_norm2"),
  ...pair("fc1", "mlp.fc1"),
  ...pair("fc2", "mlp.fc2"),
];

/** The image towers of CLIP and SigLIP. Their classifiers read the mean of the patches, CLIP's without its last norm. */
const clip: NamingScheme = {
  ...torch,
  title: "Hugging Face (CLIP)",
  modelTypes: ["clip", "clip_vision_model"],
  prefixes: anyPrefix,
  needs: "embeddings.class_embedding",
  blockRoot: "encoder.layers.",
  layerNormEps: 1e-5,
  presets: { activation: "quick-gelu" },
  ofClassifier: { pool: "mean", finalNorm: "none" },
  outer: [
    ...patches("embeddings.patch_embedding"),
    single("cls", "embeddings.class_embedding", { shape: ({ width }) => [width] }),
    single("position", "embeddings.position_embedding.weight", {
      shape: ({ tokens, width }) => [tokens, width],
    }),
    ...pair("embedding_norm", "pre_layrnorm"),
    ...pair("norm", "post_layernorm"),
    single("pool.probe", "head.probe"),
    ...["q", "k", "v"].flatMap((part, index) => inProjection(`pool.${part}`, "head.attention", index)),
    ...pair("pool.o", "head.attention.out_proj"),
    ...pair("pool.norm", "head.layernorm"),
    ...pair("pool.fc1", "head.mlp.fc1"),
    ...pair("pool.fc2", "head.mlp.fc2"),
    ...pair("head", "classifier"),
  ],
  block: towerBlock,
};

const { needs: _, ...siglipNames } = clip;
const siglip: NamingScheme = {
  ...siglipNames,
  title: "Hugging Face (SigLIP)",
  modelTypes: ["siglip", "siglip_vision_model"],
  layerNormEps: 1e-6,
  presets: { activation: "gelu-tanh" },
  ofClassifier: { pool: "mean" },
};

export const huggingFaceSchemes: readonly NamingScheme[] = [
  ...[huggingFace, huggingFace5],
  ...[dinov3("layer."), dinov3("model.layer.")],
  ...[clip, siglip],
];
