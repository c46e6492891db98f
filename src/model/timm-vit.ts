/** timm's config.json of a Vision Transformer: sizes and layers, as hints. */

import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import type { ActivationName } from "./activations.ts";
import type { ModelHints } from "./model-hints.ts";
import { timmTraits } from "./timm-architectures.ts";
import { headProjects } from "./timm-projection.ts";
import type { TimmConfig } from "./timm-schema.ts";
import type { PoolName } from "./vit-config.ts";

/** timm's names of activations, as arguments give them. */
const activationsByName: ReadonlyMap<unknown, ActivationName> = new Map([
  ["gelu", "gelu"],
  ["gelu_tanh", "gelu-tanh"],
  ["quick_gelu", "quick-gelu"],
  ["silu", "silu"],
  ["swish", "silu"],
]);

/** timm's names of pooling; the empty one leaves it to the tensors. */
const poolsByName: ReadonlyMap<string, PoolName | undefined> = new Map([
  ["token", "cls"],
  ["avg", "mean"],
  ["map", "attention"],
  ["", undefined],
]);

/** Layers that no name of a tensor gives away; timm builds others only where an argument says so. */
function refuseOtherLayers({ architecture, model_args: args }: TimmConfig, where: string): void {
  if (timmTraits(architecture)?.rotary === "other")
    throw new FileError(
      `${where}: architecture ${showValue(architecture)} has rotary positions of its own kind; only those of DINOv3 and EVA-02 can be run.`,
    );
  if (postNorm.test(architecture))
    throw new FileError(
      `${where}: architecture ${showValue(architecture)} has its norms behind the branches of a block; only those before them can be run.`,
    );
  for (const key of [...otherArguments, "norm_layer", "block_fn", "attn_layer", "mlp_layer", "embed_layer"]) {
    const given = args?.[key];
    if (given !== undefined && given !== null && given !== "" && given !== false && given !== "layernorm")
      throw new FileError(
        `${where}: model_args.${key} is ${showValue(given)}; only timm's default can be run.`,
      );
  }
}

function refuseOtherInputs({ pretrained_cfg: pretrained }: TimmConfig, where: string): void {
  const channels = pretrained?.input_size?.[0] ?? 3;
  if (channels !== 3)
    throw new FileError(`${where}: pretrained_cfg.input_size has ${channels} channels; only 3 can be run.`);
}

/** What an argument says, else what the architecture is known for. */
function layersOf(config: TimmConfig, where: string): ModelHints {
  const { architecture, model_args: args } = config;
  const traits = timmTraits(architecture);
  const act = args?.act_layer ?? undefined;
  const activation = act === undefined ? traits?.activation : activationsByName.get(act);
  if (act !== undefined && activation === undefined)
    throw new FileError(
      `${where}: model_args.act_layer is ${showValue(act)}; known are ${[...activationsByName.keys()].join(", ")}.`,
    );
  const name = args?.global_pool ?? config.global_pool;
  if (typeof name === "string" && !poolsByName.has(name))
    throw new FileError(
      `${where}: global_pool is ${showValue(name)}; known are ${[...poolsByName.keys()].filter(Boolean).join(", ")}.`,
    );
  const pool = (name ? poolsByName.get(name) : undefined) ?? traits?.pool;
  const { rotary } = traits ?? {};
  return {
    ...(activation && { activation }),
    ...(pool && { pool }),
    ...(rotary && rotary !== "other" && { rotary }),
    layerNormEps: traits?.layerNormEps ?? 1e-6, // no checkpoint says it
  };
}

const pairOf = (value: number | readonly [number, number]): readonly [number, number] =>
  typeof value === "number" ? [value, value] : value;

/** The sizes that a file gives: what timm's arguments say, else what the architecture is known for. */
function sizesOf({
  architecture,
  model_args: args,
  pretrained_cfg: config,
}: TimmConfig): Partial<ModelHints> {
  const heads = args?.num_heads ?? timmTraits(architecture)?.heads;
  const input = config?.input_size;
  const image = args?.img_size ?? (input ? ([input[1], input[2]] as const) : undefined);
  const [patchSize, patchWidth] = args?.patch_size ? pairOf(args.patch_size) : [];
  return {
    names: {
      imageSize: args?.img_size ? "model_args.img_size" : "pretrained_cfg.input_size",
      ...{ width: "model_args.embed_dim", depth: "model_args.depth", patchSize: "model_args.patch_size" },
    },
    ...(heads === undefined ? { unknownArchitecture: architecture } : { heads }),
    ...(image && { imageSize: pairOf(image) }),
    ...(args?.embed_dim && { width: args.embed_dim }),
    ...(args?.depth && { depth: args.depth }),
    ...(patchSize !== undefined && patchSize === patchWidth && { patchSize }),
  };
}

/** Their tensors have the names of usual blocks. */
const postNorm = /_rpn_|^eva02_enormous_/;

/** Arguments of timm that change what is computed, and that are at their defaults in every model that is run here. */
const otherArguments = [
  ...["use_post_norm", "pool_include_prefix", "ref_feat_shape", "rope_temperature", "rope_grid_offset"],
  ...[
    "rope_grid_indexing",
    "rope_mixed_mode",
    "rope_shift_coords",
    "rope_jitter_coords",
    "rope_rescale_coords",
  ],
];

/** Throws for a model that cannot be run. */
export function readTimmVit(config: TimmConfig, where: string): ModelHints {
  refuseOtherLayers(config, where);
  refuseOtherInputs(config, where);
  return {
    ...sizesOf(config),
    ...layersOf(config, where),
    ...(headProjects(config) && { headProjects: true }),
  };
}
