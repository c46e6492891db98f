/** timm's config.json on the hub, validated and converted to hints. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { describeIssue } from "./hugging-face-config.ts";
import { labelNamesSchema, parseLabelNames } from "./label-names.ts";
import type { ModelHints } from "./model-hints.ts";
import { timmHeads } from "./timm-architectures.ts";
import { parseTimmSteps, timmInputSchema } from "./timm-steps.ts";

const count = z.int().min(1).max(limits.MAX_CONFIG_SIZE.value);

const labelled = z.looseObject({
  label_names: labelNamesSchema.nullish(),
  /** What older versions call label_names. */
  labels: labelNamesSchema.nullish(),
});

const schema = z.looseObject({
  ...labelled.shape,
  architecture: z.string(),
  global_pool: z.string().nullish(),
  model_args: z
    .looseObject({
      act_layer: z.unknown().optional(),
      global_pool: z.string().nullish(),
      num_heads: count.nullish(),
      embed_dim: count.nullish(),
      depth: count.nullish(),
      patch_size: z.union([count, z.tuple([count, count])]).nullish(),
      img_size: z.union([count, z.tuple([count, count])]).nullish(),
    })
    .nullish(),
  pretrained_cfg: z.looseObject({ ...labelled.shape, ...timmInputSchema.shape }).nullish(),
});

type TimmConfig = z.infer<typeof schema>;

/** Whether a config.json is timm's. */
export const isTimmConfig = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === "object" && "architecture" in value && !("model_type" in value);

/** Older files have the fields of pretrained_cfg beside the architecture. */
const withPretrained = (value: unknown): unknown =>
  isTimmConfig(value) && !("pretrained_cfg" in value) ? { ...value, pretrained_cfg: value } : value;

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

/** timm lets the labels beside the architecture win over those of pretrained_cfg. */
function labelsOf(config: TimmConfig, where: string): readonly string[] {
  const { label_names, labels, pretrained_cfg: inner } = config;
  const found = label_names ?? labels ?? inner?.label_names ?? inner?.labels;
  return found ? parseLabelNames(found, { where, key: "label_names" }) : [];
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

/** Hints from the timm config.json at `where`. Throws for a model that cannot be run. */
export function parseTimmConfig(value: unknown, where: string): ModelHints {
  const result = schema.safeParse(withPretrained(value));
  if (!result.success)
    throw new FileError(`${where}: ${describeIssue(result.error, value)}, which no ViT can have.`);
  const config = result.data;
  refuseOtherLayers(config, where);
  refuseOtherInputs(config, where);
  return {
    where,
    ...sizesOf(config),
    layerNormEps: 1e-6, // timm's plain ViTs fix it; no checkpoint says it
    labels: labelsOf(config, where),
    preprocessing: parseTimmSteps(config.pretrained_cfg ?? {}, where),
  };
}
