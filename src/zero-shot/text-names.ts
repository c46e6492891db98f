/** How CLIP's and SigLIP's files name the weights of the text tower. */

import type { ActivationName } from "../model/activations.ts";
import { towerBlock } from "../model/hugging-face-names.ts";
import { openClipBlock } from "../model/names.ts";
import type { Form, Row } from "../model/naming-scheme.ts";

export interface TextScheme {
  readonly title: string;
  /** The end of the name of the table of tokens [words, width]; what stands before it stands before all names. */
  readonly table: string;
  readonly position: string;
  readonly norm: string;
  /** The last matrix: its name, with what encloses the tower before it, and how it lies. */
  readonly projection: string;
  readonly form: Form;
  readonly hasBias: boolean;
  readonly blockRoot: string;
  readonly block: readonly Row[];
  readonly causal: boolean;
  /** Of weights that come without a configuration, and of configurations that leave it out. */
  readonly layerNormEps: number;
  readonly activation: ActivationName;
}

const huggingFace = {
  table: "embeddings.token_embedding.weight",
  position: "embeddings.position_embedding.weight",
  norm: "final_layer_norm",
  blockRoot: "encoder.layers.",
  block: towerBlock,
  form: "same",
} as const;

const openClip = {
  table: "token_embedding.weight",
  position: "positional_embedding",
  norm: "ln_final",
  blockRoot: "transformer.resblocks.",
  block: openClipBlock,
} as const satisfies Partial<TextScheme>;

const openClipsClip = {
  ...{ title: "OpenCLIP", hasBias: false, causal: true, layerNormEps: 1e-5, activation: "gelu" },
} as const satisfies Partial<TextScheme>;

/** The first that fits is taken. A bias of the last matrix tells SigLIP's from CLIP's. */
export const textSchemes: readonly TextScheme[] = [
  {
    ...huggingFace,
    ...{ title: "CLIP", projection: "text_projection.weight", hasBias: false, causal: true },
    ...{ layerNormEps: 1e-5, activation: "quick-gelu" },
  },
  {
    ...huggingFace,
    ...{ title: "SigLIP", projection: "head.weight", hasBias: true, causal: false },
    ...{ layerNormEps: 1e-6, activation: "gelu-tanh" },
  },
  {
    ...openClip,
    ...{ title: "SigLIP", projection: "text_projection.weight", form: "same", hasBias: true, causal: false },
    ...{ layerNormEps: 1e-6, activation: "gelu-tanh" },
  },
  { ...openClip, ...openClipsClip, projection: "text_projection", form: "transposed" },
  { ...openClip, ...openClipsClip, projection: "text_projection.weight", form: "same" },
];
