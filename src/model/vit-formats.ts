/** The classes of transformers that hold a Vision Transformer with a head: which fits, its names, and its own fields. */

import type { VitConfig, VitVariations } from "./vit-config.ts";

/** Their names by ours, without `.weight`; null where they do without. */
type Names = Readonly<Record<string, string | null>>;

export interface VitFormat {
  /** Which variations of the plain ViT it has, and with which values; another is not its own. */
  readonly has: (config: VitConfig) => boolean;
  readonly modelType: (config: VitConfig) => string;
  readonly classifier: (config: VitConfig) => string;
  readonly encoder: string;
  readonly prefix: (config: VitConfig) => string;
  readonly blockRoot: string;
  readonly outer: (config: VitConfig) => Names;
  readonly block: (config: VitConfig) => Names;
  /** What config.json holds beside the sizes. */
  readonly fields: (config: VitConfig) => Readonly<Record<string, unknown>>;
  /** Tensors [width] of one number that it needs; of a mask token [1, width]. */
  readonly constants: (config: VitConfig) => readonly (readonly [string, number])[];
  /** Whether the sizes stand in a `vision_config`. */
  readonly tower?: true;
  readonly noKeyBias?: true;
  readonly noPatchBias?: true;
  /** CLS and positions without leading axes of 1. */
  readonly shapesFlat?: true;
  /** How many tokens the head reads, where that is not what the pool says. */
  readonly headReads?: 2;
}

/** Whether these are all the variations of a configuration. */
const only = (config: VitConfig, allowed: readonly (keyof VitVariations)[]): boolean =>
  variationNames.every((name) => config[name] === undefined || allowed.includes(name));

const variationNames = [
  ...(["classToken", "distillation", "registers", "absolutePositions", "rotary", "relativeBias"] as const),
  ...(["embeddingNorm", "activation", "gated", "mlpNorm", "pool", "finalNorm"] as const),
  ...(["projection", "unitFeature"] as const),
] satisfies readonly (keyof VitVariations)[];

const outerNames: Names = {
  ...{ patch: "embeddings.patch_embeddings.projection", cls: "embeddings.cls_token" },
  ...{ distillation: "embeddings.distillation_token", registers: "embeddings.register_tokens" },
  ...{ position: "embeddings.position_embeddings", norm: "layernorm", head: "classifier" },
};

const blockNames: Names = {
  ...{ norm1: "layernorm_before", q: "attention.attention.query", k: "attention.attention.key" },
  ...{ v: "attention.attention.value", o: "attention.output.dense", norm2: "layernorm_after" },
  ...{ fc1: "intermediate.dense", fc2: "output.dense" },
};

const plainFields = ({ patchSize }: VitConfig) => ({
  attention_probs_dropout_prob: 0,
  encoder_stride: patchSize,
  hidden_dropout_prob: 0,
  initializer_range: 0.02,
  qkv_bias: true,
});

const plain: VitFormat = {
  has: (config) => only(config, ["activation"]),
  modelType: () => "vit",
  classifier: () => "ViTForImageClassification",
  encoder: "ViTModel",
  prefix: () => "vit.",
  blockRoot: "encoder.layer.",
  outer: () => outerNames,
  block: () => blockNames,
  fields: plainFields,
  constants: () => [],
};

const deit: VitFormat = {
  ...plain,
  has: (config) =>
    config.distillation === true &&
    (config.pool ?? "cls+distillation") === "cls+distillation" &&
    only(config, ["distillation", "pool", "activation"]),
  modelType: () => "deit",
  classifier: ({ pool }) => (pool ? "DeiTForImageClassificationWithTeacher" : "DeiTForImageClassification"),
  encoder: "DeiTModel",
  prefix: () => "deit.",
  outer: ({ pool }) => ({
    ...outerNames,
    ...(pool && { head: "cls_classifier", "head.second": "distillation_classifier" }),
  }),
};

/** Of DINOv2, whose layer scale is folded into the matrices, as BEiT's is: 1 stands in its place. */
const dinov2: VitFormat = {
  ...plain,
  has: (config) =>
    (config.pool ?? "cls+mean") === "cls+mean" &&
    config.activation === (config.gated ? "silu" : undefined) &&
    isSquare(config) &&
    ratioOf(config) !== undefined &&
    only(config, ["registers", "gated", "activation", "pool"]),
  modelType: ({ registers }) => (registers ? "dinov2_with_registers" : "dinov2"),
  classifier: ({ registers }) =>
    registers ? "Dinov2WithRegistersForImageClassification" : "Dinov2ForImageClassification",
  encoder: "Dinov2Model",
  prefix: ({ registers }) => (registers ? "dinov2_with_registers." : "dinov2."),
  block: ({ gated }) => ({
    ...blockNames,
    ...{ norm1: "norm1", norm2: "norm2" },
    ...(gated ? { fc1: "mlp.weights_in", fc2: "mlp.weights_out" } : { fc1: "mlp.fc1", fc2: "mlp.fc2" }),
  }),
  fields: (config) => ({
    ...{ attention_probs_dropout_prob: 0, hidden_dropout_prob: 0, initializer_range: 0.02, qkv_bias: true },
    ...{ use_swiglu_ffn: config.gated === true, hidden_act: "gelu", mlp_ratio: ratioOf(config) },
    ...(config.registers && { num_register_tokens: config.registers }),
  }),
  constants: (config) => [
    [`${dinov2.prefix(config)}embeddings.mask_token`, 0],
    ...Array.from({ length: config.depth }, (_, block) =>
      [1, 2].map(
        (at) => [`${dinov2.prefix(config)}encoder.layer.${block}.layer_scale${at}.lambda1`, 1] as const,
      ),
    ).flat(),
  ],
  headReads: 2,
};

/** The whole ratio from which transformers makes this width of the MLP: gated it is two thirds, up to a multiple of 8. */
function ratioOf({ width, mlpWidth, gated }: VitConfig): number | undefined {
  const widthOf = (ratio: number) =>
    gated ? Math.ceil(Math.floor((width * ratio * 2) / 3) / 8) * 8 : width * ratio;
  return Array.from({ length: 16 }, (_, at) => at + 1).find((ratio) => widthOf(ratio) === mlpWidth);
}

const beit: VitFormat = {
  ...plain,
  // On grids that are no squares transformers' biases differ a little from timm's, which has the authors' own.
  has: (config) =>
    config.relativeBias === true &&
    isSquare(config) &&
    (config.pool === undefined || (config.pool === "mean" && config.finalNorm === "pooled")) &&
    only(config, ["relativeBias", "absolutePositions", "pool", "finalNorm", "activation"]),
  modelType: () => "beit",
  classifier: () => "BeitForImageClassification",
  encoder: "BeitModel",
  prefix: () => "beit.",
  outer: ({ pool }) => ({ ...outerNames, ...(pool && { norm: "pooler.layernorm" }) }),
  block: () => ({
    ...blockNames,
    relative: "attention.attention.relative_position_bias.relative_position_bias_table",
  }),
  fields: ({ absolutePositions, pool }) => ({
    ...{ attention_probs_dropout_prob: 0, hidden_dropout_prob: 0, initializer_range: 0.02 },
    use_relative_position_bias: true,
    ...{ use_absolute_position_embeddings: absolutePositions !== false, use_mean_pooling: pool === "mean" },
  }),
  constants: ({ depth }) =>
    Array.from({ length: depth }, (_, block) =>
      [1, 2].map((at) => [`beit.encoder.layer.${block}.lambda_${at}`, 1] as const),
    ).flat(),
  noKeyBias: true,
};

const towerBlock: Names = {
  ...{ norm1: "layer_norm1", q: "self_attn.q_proj", k: "self_attn.k_proj", v: "self_attn.v_proj" },
  ...{ o: "self_attn.out_proj", norm2: "layer_norm2", fc1: "mlp.fc1", fc2: "mlp.fc2" },
};
const towerOuter: Names = {
  ...{ patch: "embeddings.patch_embedding", cls: "embeddings.class_embedding" },
  ...{ position: "embeddings.position_embedding.weight", embedding_norm: "pre_layrnorm" },
  ...{ norm: "post_layernorm", head: "classifier" },
};

/** CLIP's classifier reads the mean of the patches before the last norm. */
const clip: VitFormat = {
  ...plain,
  has: (config) =>
    config.embeddingNorm === true &&
    config.pool === "mean" &&
    isSquare(config) &&
    config.finalNorm === "none" &&
    only(config, ["embeddingNorm", "activation", "pool", "finalNorm"]),
  modelType: () => "clip",
  classifier: () => "CLIPForImageClassification",
  encoder: "CLIPModel",
  prefix: () => "vision_model.",
  blockRoot: "encoder.layers.",
  outer: () => towerOuter,
  block: () => towerBlock,
  fields: () => ({ attention_dropout: 0, model_type: "clip_vision_model" }),
  constants: () => [
    ["vision_model.post_layernorm.weight", 1],
    ["vision_model.post_layernorm.bias", 0],
  ],
  ...{ tower: true, noPatchBias: true, shapesFlat: true },
};

const siglip: VitFormat = {
  ...clip,
  has: (config) =>
    config.classToken === false &&
    isSquare(config) &&
    config.pool === "mean" &&
    only(config, ["classToken", "activation", "pool"]),
  modelType: () => "siglip",
  classifier: () => "SiglipForImageClassification",
  encoder: "SiglipVisionModel",
  fields: () => ({ attention_dropout: 0, model_type: "siglip_vision_model", vision_use_head: false }),
  constants: () => [],
};

const { noPatchBias: _, ...siglipFormat } = siglip;

/** The class that computes what a configuration says; the plain ViT's first. */
export const vitFormatOf = (config: VitConfig): VitFormat | undefined =>
  [plain, deit, dinov2, beit, clip, siglipFormat].find(({ has }) => has(config));

/** transformers takes the sides of an image for equal where it lays out positions. */
function isSquare({ imageSize: [height, width] }: VitConfig): boolean {
  return height === width;
}
