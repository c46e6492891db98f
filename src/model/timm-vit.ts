/** timm's config.json of a Vision Transformer: sizes and layers, as hints. */

import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import type { ModelHints } from "./model-hints.ts";
import { timmHeads } from "./timm-architectures.ts";
import type { TimmConfig } from "./timm-schema.ts";

/** Layers that no name of a tensor gives away; timm builds others only where an argument says so. */
function refuseOtherLayers({ architecture, model_args: args }: TimmConfig, where: string): void {
  if (/quickgelu/.test(architecture) || (args?.act_layer ?? "gelu") !== "gelu")
    throw new FileError(
      `${where}: architecture ${showValue(architecture)} has another activation than "gelu", which alone can be run.`,
    );
  for (const key of ["norm_layer", "block_fn", "attn_layer", "mlp_layer", "embed_layer"]) {
    const given = args?.[key];
    if (given !== undefined && given !== null && given !== "" && given !== "layernorm")
      throw new FileError(
        `${where}: model_args.${key} is ${showValue(given)}; only timm's default for a plain ViT can be run.`,
      );
  }
}

function refuseOtherInputs(config: TimmConfig, where: string): void {
  const { model_args: args, pretrained_cfg: pretrained } = config;
  const pool = args?.global_pool ?? config.global_pool ?? "token";
  if (pool !== "token" && pool !== "")
    throw new FileError(
      `${where}: global_pool is ${showValue(pool)}; only "token", the CLS token, can be run.`,
    );
  const channels = pretrained?.input_size?.[0] ?? 3;
  if (channels !== 3)
    throw new FileError(`${where}: pretrained_cfg.input_size has ${channels} channels; only 3 can be run.`);
}

const pairOf = (value: number | readonly [number, number]): readonly [number, number] =>
  typeof value === "number" ? [value, value] : value;

/** The sizes that a file gives: what timm's arguments say, else what the architecture is known for. */
function sizesOf({
  architecture,
  model_args: args,
  pretrained_cfg: config,
}: TimmConfig): Partial<ModelHints> {
  const heads = args?.num_heads ?? timmHeads(architecture);
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

/** Throws for a model that cannot be run. */
export function readTimmVit(config: TimmConfig, where: string): ModelHints {
  refuseOtherLayers(config, where);
  refuseOtherInputs(config, where);
  // timm's plain ViTs fix the epsilon; no checkpoint says it.
  return { ...sizesOf(config), layerNormEps: 1e-6 };
}
