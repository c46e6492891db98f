/** How projects name the weights of a ConvNeXt: one table per project, and where its blocks stand. */

/** Where a block stands: in which stage, there, and of all. */
interface BlockPlace {
  readonly stage: number;
  readonly at: number;
  readonly index: number;
}

export interface ConvNextNaming {
  /** For messages. */
  readonly title: string;
  readonly patch: string;
  readonly patchNorm: string;
  /** Newer and older names. */
  readonly norm: readonly string[];
  readonly head: readonly string[];
  /** Before the names of a block. */
  readonly block: (place: BlockPlace) => string;
  /** The norm and the convolution of the merging behind a stage. */
  readonly merge: (stage: number) => { readonly norm: string; readonly reduction: string };
  /** By our names in a block. */
  readonly inBlock: Readonly<Record<"mix" | "norm" | "fc1" | "fc2" | "response", string>>;
  /** The layer scale of a block; ours are folded already. */
  readonly scale?: string;
  /** Whether shapes are ours, as in converted files. */
  readonly isOwn?: boolean;
}

const timm: ConvNextNaming = {
  ...{ title: "timm", patch: "stem.0", patchNorm: "stem.1", norm: ["head.norm"], head: ["head.fc"] },
  block: ({ stage, at }) => `stages.${stage}.blocks.${at}.`,
  merge: (stage) => ({
    norm: `stages.${stage + 1}.downsample.0`,
    reduction: `stages.${stage + 1}.downsample.1`,
  }),
  inBlock: { mix: "conv_dw", norm: "norm", fc1: "mlp.fc1", fc2: "mlp.fc2", response: "mlp.grn" },
  scale: "gamma",
};

/** Names on disk and in memory; merged models are written with them. */
export const huggingFaceConvNext: ConvNextNaming = {
  ...{ title: "Hugging Face", patch: "embeddings.patch_embeddings", patchNorm: "embeddings.layernorm" },
  ...{ norm: ["layernorm"], head: ["classifier"] },
  block: ({ stage, at }) => `encoder.stages.${stage}.layers.${at}.`,
  merge: (stage) => ({
    norm: `encoder.stages.${stage + 1}.downsampling_layer.0`,
    reduction: `encoder.stages.${stage + 1}.downsampling_layer.1`,
  }),
  inBlock: { mix: "dwconv", norm: "layernorm", fc1: "pwconv1", fc2: "pwconv2", response: "grn" },
  scale: "layer_scale_parameter",
};

/** The authors' own. */
const facebook: ConvNextNaming = {
  ...{ title: "the authors", patch: "downsample_layers.0.0", patchNorm: "downsample_layers.0.1" },
  ...{ norm: ["norm"], head: ["head"] },
  block: ({ stage, at }) => `stages.${stage}.${at}.`,
  merge: (stage) => ({
    norm: `downsample_layers.${stage + 1}.0`,
    reduction: `downsample_layers.${stage + 1}.1`,
  }),
  inBlock: { mix: "dwconv", norm: "norm", fc1: "pwconv1", fc2: "pwconv2", response: "grn" },
  scale: "gamma",
};

/** Our own names, as converted files hold them. */
const own: ConvNextNaming = {
  ...{ title: "rlrr", patch: "patch", patchNorm: "patchNorm", norm: ["norm"], head: ["head"], isOwn: true },
  block: ({ index }) => `blocks.${index}.`,
  merge: (stage) => ({ norm: `merges.${stage}.norm`, reduction: `merges.${stage}.reduction` }),
  inBlock: { mix: "mix", norm: "norm", fc1: "fc1", fc2: "fc2", response: "response" },
};

export const convNextNamings: readonly ConvNextNaming[] = [timm, huggingFaceConvNext, facebook, own];

/** The blocks of each stage, one after another. */
export const blockPlaces = (depths: readonly number[]): BlockPlace[] =>
  depths
    .flatMap((depth, stage) => Array.from({ length: depth }, (_, at) => ({ stage, at })))
    .map((place, index) => ({ ...place, index }));
