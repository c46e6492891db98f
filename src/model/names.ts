/** How other projects name the weights of a Vision Transformer: one table per project, one row per kind of layer. */

import { sizeAlong } from "../graph/shapes.ts";
import { googleNamingSchemes } from "./google-names.ts";
import { huggingFaceSchemes } from "./hugging-face-names.ts";
import type { NamingScheme, Row } from "./naming-scheme.ts";
import { anyPrefix, inProjection, packed, pair, patches, single, torch } from "./torch-rows.ts";

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

/** A block of OpenCLIP's towers, of images and of texts. */
export const openClipBlock: readonly Row[] = [
  ...pair("norm1", "ln_1"),
  ...["q", "k", "v"].flatMap((ours, part) => inProjection(ours, "attn", part)),
  ...pair("o", "attn.out_proj"),
  ...pair("norm2", "ln_2"),
  ...pair("fc1", "mlp.c_fc"),
  ...pair("fc2", "mlp.c_proj"),
];

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
  block: openClipBlock,
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
  ...huggingFaceSchemes,
  own,
  torchvisionNames(["0", "3"]),
  torchvisionNames(["linear_1", "linear_2"]),
  openClip,
  ...googleNamingSchemes,
];
