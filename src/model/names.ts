/** How other projects name the weights of a plain ViT: one table per project, one row per kind of layer. */

import { sizeAlong } from "../graph/shapes.ts";
import { googleNamingSchemes } from "./google-names.ts";
import type { NamingScheme, Row } from "./naming-scheme.ts";

// PyTorch: weight (out, in) and bias; patches (D, 3, p, p).

const pair = (ours: string, theirs: string, part?: number): readonly Row[] =>
  ["weight", "bias"].map((kind) => ({
    ours: `${ours}.${kind}`,
    theirs: `${theirs}.${kind}`,
    form: "same",
    ...(part === undefined ? {} : { part }),
  }));

/** What training tools put before a model's own names: `module.`, `backbone.`, `model.encoder.`. */
const anyPrefix = /^(\w+\.){0,4}$/;

const scaled = (rows: readonly Row[], scaledBy: string): readonly Row[] =>
  rows.map((row) => ({ ...row, scaledBy }));

const single = (ours: string, theirs: string): Row => ({ ours, theirs, form: "same" });

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
  outer: [
    ...patches("patch_embed.proj"),
    single("cls", "cls_token"),
    single("position", "pos_embed"),
    ...pair("norm", "norm"),
    ...pair("head", "head"),
  ],
  block: [
    ...pair("norm1", "norm1"),
    ...pair("q", "attn.qkv", 0),
    ...pair("k", "attn.qkv", 1),
    ...pair("v", "attn.qkv", 2),
    ...scaled(pair("o", "attn.proj"), "ls1.gamma"),
    ...pair("norm2", "norm2"),
    ...pair("fc1", "mlp.fc1"),
    ...scaled(pair("fc2", "mlp.fc2"), "ls2.gamma"),
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
    ...["q", "k", "v"].flatMap((ours, part) =>
      ["weight", "bias"].map(
        (kind): Row => ({
          ...{ ours: `${ours}.${kind}`, theirs: `self_attention.in_proj_${kind}`, form: "same", part },
        }),
      ),
    ),
    ...pair("o", "self_attention.out_proj"),
    ...pair("norm2", "ln_2"),
    ...pair("fc1", `mlp.${mlp[0]}`),
    ...pair("fc2", `mlp.${mlp[1]}`),
  ],
});

const huggingFaceOuter: readonly Row[] = [
  ...patches("embeddings.patch_embeddings.projection"),
  single("cls", "embeddings.cls_token"),
  single("position", "embeddings.position_embeddings"),
  ...pair("norm", "layernorm"),
  ...pair("head", "classifier"),
];

/** Names on disk, which transformers writes to this day. */
const huggingFace: NamingScheme = {
  ...torch,
  title: "Hugging Face",
  prefixes: anyPrefix,
  blockRoot: "encoder.layer.",
  layerNormEps: 1e-12,
  outer: huggingFaceOuter,
  block: [
    ...pair("norm1", "layernorm_before"),
    ...pair("q", "attention.attention.query"),
    ...pair("k", "attention.attention.key"),
    ...pair("v", "attention.attention.value"),
    ...pair("o", "attention.output.dense"),
    ...pair("norm2", "layernorm_after"),
    ...pair("fc1", "intermediate.dense"),
    ...pair("fc2", "output.dense"),
  ],
};

/** Names in memory since transformers 5. */
const huggingFace5: NamingScheme = {
  ...huggingFace,
  title: "Hugging Face (transformers 5)",
  blockRoot: "layers.",
  block: [
    ...pair("norm1", "layernorm_before"),
    ...pair("q", "attention.q_proj"),
    ...pair("k", "attention.k_proj"),
    ...pair("v", "attention.v_proj"),
    ...pair("o", "attention.o_proj"),
    ...pair("norm2", "layernorm_after"),
    ...pair("fc1", "mlp.fc1"),
    ...pair("fc2", "mlp.fc2"),
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
    single("cls", "cls"),
    single("position", "position"),
    ...pair("norm", "norm"),
    ...pair("head", "head"),
  ],
  block: ["norm1", "q", "k", "v", "o", "norm2", "fc1", "fc2"].flatMap((name) => pair(name, name)),
};

export const namingSchemes: readonly NamingScheme[] = [
  moco,
  timm,
  huggingFace,
  huggingFace5,
  own,
  torchvisionNames(["0", "3"]),
  torchvisionNames(["linear_1", "linear_2"]),
  ...googleNamingSchemes,
];

/** The names that merged models are written with: every loader of plain ViTs knows them. */
export const huggingFaceNames = huggingFace;
