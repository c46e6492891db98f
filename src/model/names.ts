/** How other projects name the weights of a Vision Transformer: one table per project, one row per kind of layer. */

import { sizeAlong } from "../graph/shapes.ts";
import { googleNamingSchemes } from "./google-names.ts";
import type { NamingScheme, Row } from "./naming-scheme.ts";

// PyTorch: weight (out, in) and bias; patches (D, 3, p, p).

type Extra = Omit<Row, "ours" | "theirs" | "form">;

const pair = (ours: string, theirs: string, extra: Extra = {}): readonly Row[] =>
  ["weight", "bias"].map((kind) => ({
    ours: `${ours}.${kind}`,
    theirs: `${theirs}.${kind}`,
    form: "same",
    ...extra,
  }));

/** What training tools put before a model's own names: `module.`, `backbone.`, `model.encoder.`. */
const anyPrefix = /^(\w+\.){0,4}$/;

const single = (ours: string, theirs: string, extra: Extra = {}): Row => ({
  ...{ ours, theirs, form: "same", ...extra },
});

/** The two halves of one matrix: the gate, and what it opens. */
const packed = (theirs: string): readonly Row[] => [
  ...pair("gate", theirs, { part: 0, parts: 2, packed: true }),
  ...pair("fc1", theirs, { part: 1, parts: 2, packed: true }),
];

const patches = (theirs: string): readonly Row[] => [
  {
    ours: "patch.weight",
    theirs: `${theirs}.weight`,
    form: "same",
    shape: ({ width, patchSize }) => [width, 3, patchSize, patchSize],
  },
  single("patch.bias", `${theirs}.bias`),
];

const torch = {
  separator: ".",
  measure: {
    patchAxes: 4,
    patch: (shape) => ({ width: sizeAlong(shape, 0), patchSize: sizeAlong(shape, 2) }),
    mlpWidth: (shape) => sizeAlong(shape, 0),
  },
} as const satisfies Partial<NamingScheme>;

const timm: NamingScheme = {
  ...torch,
  title: "timm",
  prefixes: anyPrefix,
  blockRoot: "blocks.",
  layerNormEps: 1e-6,
  secondHead: "head_dist",
  outer: [
    ...patches("patch_embed.proj"),
    single("cls", "cls_token"),
    single("distillation", "dist_token"),
    single("registers", "reg_token"),
    single("registers", "register_tokens"),
    single("position", "pos_embed"),
    ...pair("embedding_norm", "norm_pre"),
    ...pair("norm", "norm"),
    ...pair("norm", "fc_norm", { pooled: true }),
    single("pool.probe", "attn_pool.latent"),
    ...pair("pool.q", "attn_pool.q"),
    ...pair("pool.k", "attn_pool.kv", { part: 0, parts: 2 }),
    ...pair("pool.v", "attn_pool.kv", { part: 1, parts: 2 }),
    ...pair("pool.o", "attn_pool.proj"),
    ...["norm", "fc1", "fc2"].flatMap((part) =>
      pair(`pool.${part}`, `attn_pool.${part === "norm" ? part : `mlp.${part}`}`),
    ),
    ...pair("head", "head"),
  ],
  block: [
    ...pair("norm1", "norm1"),
    ...["q", "k", "v"].flatMap((ours, part) => [
      ...pair(ours, "attn.qkv", { part }),
      // BEiT keeps biases beside the matrix, EVA-02 three matrices.
      single(`${ours}.bias`, `attn.${ours}_bias`),
      ...pair(ours, `attn.${ours}_proj`),
    ]),
    single("relative", "attn.relative_position_bias_table"),
    ...pair("o", "attn.proj", { scaledBy: ["ls1.gamma", "gamma_1"] }),
    ...pair("norm2", "norm2"),
    ...packed("mlp.fc1"),
    ...packed("mlp.w12"), // as the authors of DINOv2 name it
    ...pair("gate", "mlp.fc1_g"),
    ...pair("fc1", "mlp.fc1"),
    ...pair("fc1", "mlp.fc1_x"),
    ...pair("mlp_norm", "mlp.norm"),
    ...pair("fc2", "mlp.fc2", { scaledBy: ["ls2.gamma", "gamma_2"] }),
    ...pair("fc2", "mlp.w3", { scaledBy: ["ls2.gamma"] }),
  ],
};

/** timm's names inside the two encoders of MoCo v3, whose small model has twice the heads of others: vits.py of its code. */
const moco: NamingScheme = {
  ...timm,
  title: "MoCo v3",
  prefixes: /^(module\.)?base_encoder\.$/,
  measure: { ...timm.measure, headsOfWidth: (width) => (width === 384 ? 12 : undefined) },
};

/** A third of what PyTorch's own attention keeps as one. */
const inProjection = (ours: string, theirs: string, part: number): readonly Row[] =>
  ["weight", "bias"].map((kind) => single(`${ours}.${kind}`, `${theirs}.in_proj_${kind}`, { part }));

const torchvisionNames = (mlp: readonly [fc1: string, fc2: string]): NamingScheme => ({
  ...torch,
  title: "torchvision",
  prefixes: anyPrefix,
  blockRoot: "encoder.layers.encoder_layer_",
  layerNormEps: 1e-6,
  outer: [
    ...patches("conv_proj"),
    single("cls", "class_token"),
    single("position", "encoder.pos_embedding"),
    ...pair("norm", "encoder.ln"),
    ...pair("head", "heads.head"),
  ],
  block: [
    ...pair("norm1", "ln_1"),
    ...["q", "k", "v"].flatMap((ours, part) => inProjection(ours, "self_attention", part)),
    ...pair("o", "self_attention.out_proj"),
    ...pair("norm2", "ln_2"),
    ...pair("fc1", `mlp.${mlp[0]}`),
    ...pair("fc2", `mlp.${mlp[1]}`),
  ],
});

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

/** The image towers of CLIP and SigLIP. Their classifiers read the mean of the patches, CLIP's without its last norm. */
const clip: NamingScheme = {
  ...torch,
  title: "Hugging Face (CLIP)",
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
  block: [
    ...pair("norm1", "layer_norm1"),
    ...["q", "k", "v"].flatMap((ours) => pair(ours, `self_attn.${ours}_proj`)),
    ...pair("o", "self_attn.out_proj"),
    ...pair("norm2", "layer_norm2"),
    ...pair("fc1", "mlp.fc1"),
    ...pair("fc2", "mlp.fc2"),
  ],
};

const { needs: _, ...siglipNames } = clip;
const siglip: NamingScheme = {
  ...siglipNames,
  title: "Hugging Face (SigLIP)",
  layerNormEps: 1e-6,
  presets: { activation: "gelu-tanh" },
  ofClassifier: { pool: "mean" },
};

/** OpenCLIP's, and OpenAI's own. */
const openClip: NamingScheme = {
  ...torch,
  title: "OpenCLIP",
  prefixes: anyPrefix,
  blockRoot: "transformer.resblocks.",
  needs: "class_embedding",
  layerNormEps: 1e-5,
  outer: [
    ...patches("conv1"),
    single("cls", "class_embedding", { shape: ({ width }) => [width] }),
    single("position", "positional_embedding", { shape: ({ tokens, width }) => [tokens, width] }),
    ...pair("embedding_norm", "ln_pre"),
    ...pair("norm", "ln_post"),
    ...pair("head", "head"),
  ],
  block: [
    ...pair("norm1", "ln_1"),
    ...["q", "k", "v"].flatMap((ours, part) => inProjection(ours, "attn", part)),
    ...pair("o", "attn.out_proj"),
    ...pair("norm2", "ln_2"),
    ...pair("fc1", "mlp.c_fc"),
    ...pair("fc2", "mlp.c_proj"),
  ],
};

/** Our own names, as converted files hold them. */
const own: NamingScheme = {
  ...torch,
  title: "rlrr",
  prefixes: [""],
  blockRoot: "blocks.",
  layerNormEps: 1e-6,
  measure: {
    patchAxes: 2,
    patch: (shape) => ({ width: sizeAlong(shape, 0), patchSize: Math.sqrt(sizeAlong(shape, 1) / 3) }),
    mlpWidth: (shape) => sizeAlong(shape, 0),
  },
  outer: [
    ...pair("patch", "patch"),
    ...["cls", "distillation", "registers", "position", "pool.probe"].map((name) => single(name, name)),
    ...["embedding_norm", "norm", "head"].flatMap((name) => pair(name, name)),
    ...["q", "k", "v", "o", "norm", "fc1", "fc2"].flatMap((name) => pair(`pool.${name}`, `pool.${name}`)),
  ],
  block: [
    ...["norm1", "q", "k", "v", "o", "norm2", "gate", "fc1", "mlp_norm", "fc2"].flatMap((name) =>
      pair(name, name),
    ),
    single("relative", "relative"),
  ],
};

export const namingSchemes: readonly NamingScheme[] = [
  moco,
  timm,
  huggingFace,
  huggingFace5,
  dinov3("layer."),
  dinov3("model.layer."),
  clip,
  siglip,
  own,
  torchvisionNames(["0", "3"]),
  torchvisionNames(["linear_1", "linear_2"]),
  openClip,
  ...googleNamingSchemes,
];
