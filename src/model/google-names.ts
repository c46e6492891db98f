/** How Google names the weights of a plain ViT: JAX kernels (in, out), attention with an axis of heads, patches (p, p, 3, D). */

import type { Shape } from "../formats/tensor.ts";
import { sizeAlong } from "../graph/shapes.ts";
import type { NamingScheme, Row, SourceSizes } from "./naming-scheme.ts";

const single = (ours: string, theirs: string): Row => ({ ours, theirs, form: "same" });

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

const google = ({ title, position, attention, mlp, norm2 }: GoogleNames): NamingScheme => ({
  title,
  prefixes: ["", "opt/target/", "params/", "params/img/"],
  blockRoot: "Transformer/encoderblock_",
  separator: "/",
  layerNormEps: 1e-6,
  measure: {
    patchAxes: 4,
    patch: (shape) => ({ width: sizeAlong(shape, 3), patchSize: sizeAlong(shape, 0) }),
    mlpWidth: (shape) => sizeAlong(shape, 1),
    heads: (shape) => sizeAlong(shape, 1),
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

export const googleNamingSchemes: readonly NamingScheme[] = [
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
