/** What other projects call the weights of a plain ViT: one table a project, one row a kind of layer. */

import type { Shape } from "../formats/tensor.ts";
import type { VitConfig } from "./model.ts";

/** What the shapes of a source's tensors tell; they rarely tell the heads. */
export interface SourceSizes
  extends Pick<VitConfig, "width" | "depth" | "mlpWidth" | "patchSize" | "classes"> {
  /** Rows of the position embedding: N+1. */
  readonly tokens: number;
  readonly heads?: number;
}

/** How a tensor of a source becomes ours: as it is, (in…, out) transposed, or a kernel (row, column, channel, out). */
export type Form = "same" | "transposed" | "kernel";

export interface Row {
  /** Our name; inside a block without `blocks.{i}.`. */
  readonly ours: string;
  /** Their name, after the prefix; inside a block after `{root}{i}{separator}`. */
  readonly theirs: string;
  readonly form: Form;
  /** 0, 1 or 2: which third of the rows of a fused q, k, v. */
  readonly part?: number;
  /** Their shape, where it is not ours. */
  readonly shape?: (sizes: SourceSizes) => Shape;
}

export interface Layout {
  /** For messages. */
  readonly title: string;
  readonly prefixes: readonly string[];
  /** What stands before the number of a block. */
  readonly blockRoot: string;
  readonly separator: "." | "/";
  readonly outer: readonly Row[];
  readonly block: readonly Row[];
  readonly measure: {
    /** Width and patch size, from the shape of the patch embedding. */
    readonly patch: (shape: Shape) => { readonly width: number; readonly patchSize: number };
    /** M, from the shape of fc1. */
    readonly mlpWidth: (shape: Shape) => number;
    /** Heads, from the shape of q. */
    readonly heads?: (shape: Shape) => number;
  };
  /** Of the project's own default configuration, for weights that come without one. */
  readonly layerNormEps: number;
}

const at = (shape: Shape, axis: number): number => shape[axis] ?? 0;

// PyTorch: weight (out, in) and bias; patches (D, 3, p, p).

const pair = (ours: string, theirs: string, part?: number): readonly Row[] =>
  ["weight", "bias"].map((kind) => ({
    ours: `${ours}.${kind}`,
    theirs: `${theirs}.${kind}`,
    form: "same",
    ...(part === undefined ? {} : { part }),
  }));

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
    patch: (shape) => ({ width: at(shape, 0), patchSize: at(shape, 2) }),
    mlpWidth: (shape) => at(shape, 0),
  },
} as const satisfies Partial<Layout>;

const timm: Layout = {
  ...torch,
  title: "timm",
  prefixes: [""],
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
    ...pair("o", "attn.proj"),
    ...pair("norm2", "norm2"),
    ...pair("fc1", "mlp.fc1"),
    ...pair("fc2", "mlp.fc2"),
  ],
};

const huggingFaceOuter: readonly Row[] = [
  ...patches("embeddings.patch_embeddings.projection"),
  single("cls", "embeddings.cls_token"),
  single("position", "embeddings.position_embeddings"),
  ...pair("norm", "layernorm"),
  ...pair("head", "classifier"),
];

/** Names on disk, which transformers writes to this day. */
const huggingFace: Layout = {
  ...torch,
  title: "Hugging Face",
  prefixes: ["vit.", "", "deit."],
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
const huggingFace5: Layout = {
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
const own: Layout = {
  ...torch,
  title: "rlrr",
  prefixes: [""],
  blockRoot: "blocks.",
  layerNormEps: 1e-6,
  measure: {
    patch: (shape) => ({ width: at(shape, 0), patchSize: Math.sqrt(at(shape, 1) / 3) }),
    mlpWidth: (shape) => at(shape, 0),
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

// Google: JAX kernels (in, out); attention keeps its heads as an axis; patches (p, p, 3, D).

const scaled = (ours: string, theirs: string): readonly Row[] => [
  single(`${ours}.weight`, `${theirs}/scale`),
  single(`${ours}.bias`, `${theirs}/bias`),
];

const dense = (
  ours: string,
  theirs: string,
  shapes: { readonly kernel: (sizes: SourceSizes) => Shape; readonly bias?: (sizes: SourceSizes) => Shape },
): readonly Row[] => [
  { ours: `${ours}.weight`, theirs: `${theirs}/kernel`, form: "transposed", shape: shapes.kernel },
  {
    ours: `${ours}.bias`,
    theirs: `${theirs}/bias`,
    form: "same",
    ...(shapes.bias && { shape: shapes.bias }),
  },
];

/** h and dh: heads are measured from the query's kernel, so a model without any does not get this far. */
const split = ({ width, heads = 1 }: SourceSizes): [number, number] => [heads, Math.floor(width / heads)];

const split3 = {
  kernel: (sizes: SourceSizes): Shape => [sizes.width, ...split(sizes)],
  bias: (sizes: SourceSizes): Shape => split(sizes),
};

interface GoogleNames {
  readonly title: string;
  readonly position: string;
  readonly attention: string;
  readonly mlp: string;
  readonly norm2: string;
}

const google = ({ title, position, attention, mlp, norm2 }: GoogleNames): Layout => ({
  title,
  prefixes: ["", "opt/target/", "params/", "params/img/"],
  blockRoot: "Transformer/encoderblock_",
  separator: "/",
  layerNormEps: 1e-6,
  measure: {
    patch: (shape) => ({ width: at(shape, 3), patchSize: at(shape, 0) }),
    mlpWidth: (shape) => at(shape, 1),
    heads: (shape) => at(shape, 1),
  },
  outer: [
    {
      ours: "patch.weight",
      theirs: "embedding/kernel",
      form: "kernel",
      shape: ({ width, patchSize }) => [patchSize, patchSize, 3, width],
    },
    single("patch.bias", "embedding/bias"),
    single("cls", "cls"),
    single("position", position),
    ...scaled("norm", "Transformer/encoder_norm"),
    ...dense("head", "head", { kernel: ({ width, classes }) => [width, classes] }),
  ],
  block: [
    ...scaled("norm1", "LayerNorm_0"),
    ...dense("q", `${attention}/query`, split3),
    ...dense("k", `${attention}/key`, split3),
    ...dense("v", `${attention}/value`, split3),
    ...dense("o", `${attention}/out`, { kernel: (sizes) => [...split(sizes), sizes.width] }),
    ...scaled("norm2", norm2),
    ...dense("fc1", `${mlp}/Dense_0`, { kernel: ({ width, mlpWidth }) => [width, mlpWidth] }),
    ...dense("fc2", `${mlp}/Dense_1`, { kernel: ({ width, mlpWidth }) => [mlpWidth, width] }),
  ],
});

export const layouts: readonly Layout[] = [
  timm,
  huggingFace,
  huggingFace5,
  own,
  google({
    title: "Google",
    position: "Transformer/posembed_input/pos_embedding",
    attention: "MultiHeadDotProductAttention_1",
    mlp: "MlpBlock_3",
    norm2: "LayerNorm_2",
  }),
  google({
    title: "Google (big_vision)",
    position: "pos_embedding",
    attention: "MultiHeadDotProductAttention_0",
    mlp: "MlpBlock_0",
    norm2: "LayerNorm_1",
  }),
];

/** The layout that merged models are written in: every loader of plain ViTs knows it. */
export const classicLayout = huggingFace;
