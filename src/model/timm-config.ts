/** timm's config.json on the hub, validated and converted to hints. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { parseSteps } from "../preprocessing/parse-steps.ts";
import { type Filter, filters, type Step } from "../preprocessing/steps.ts";
import { describeIssue } from "./hugging-face-config.ts";
import type { ModelHints } from "./model-hints.ts";

const count = z.int().min(1).max(limits.MAX_CONFIG_SIZE.value);
const triple = z.tuple([z.number(), z.number(), z.number()]);

const pretrained = z.looseObject({
  input_size: z.tuple([count, count, count]).nullish(),
  interpolation: z.string().nullish(),
  crop_pct: z.number().min(0.01).max(2).nullish(),
  crop_mode: z.string().nullish(),
  mean: triple.nullish(),
  std: triple.nullish(),
  label_names: z.array(z.string()).nullish(),
});

const schema = z.looseObject({
  architecture: z.string(),
  global_pool: z.string().nullish(),
  label_names: z.array(z.string()).nullish(),
  model_args: z
    .looseObject({
      act_layer: z.unknown().optional(),
      global_pool: z.string().nullish(),
      num_heads: count.nullish(),
      img_size: z.union([count, z.tuple([count, count])]).nullish(),
    })
    .nullish(),
  pretrained_cfg: pretrained.nullish(),
});

const isFilter = (name: string): name is Filter => (filters as readonly string[]).includes(name);

/** timm's evaluation transform; its defaults are those of its ViTs. */
function parsePretrained(config: z.infer<typeof pretrained>, where: string): readonly Step[] | undefined {
  if (!config.input_size) return undefined;
  const [, height, width] = config.input_size;
  const filter = config.interpolation ?? "bicubic";
  if (!isFilter(filter))
    throw new FileError(
      `${where}: pretrained_cfg.interpolation is ${showValue(filter)}; known are ${filters.join(", ")}.`,
    );
  const mode = config.crop_mode ?? "center";
  const share = config.crop_pct ?? 0.9;
  const large = [Math.floor(height / share), Math.floor(width / share)] as const;
  const crop: Step = ["centerCrop", { size: [height, width] }];
  const normalize: Step = [
    "normalize",
    { mean: config.mean ?? [0.5, 0.5, 0.5], std: config.std ?? [0.5, 0.5, 0.5] },
  ];
  if (mode === "squash") return parseSteps([["resize", { size: large, filter }], crop, normalize], where);
  if (mode !== "center")
    throw new FileError(
      `${where}: pretrained_cfg.crop_mode is ${showValue(mode)}; known are center and squash.`,
    );
  if (large[0] !== large[1])
    throw new FileError(
      `${where}: pretrained_cfg.input_size is ${height} x ${width}; with crop_mode center only squares can be prepared.`,
    );
  return parseSteps([["resizeShort", { size: large[0], filter }], crop, normalize], where);
}

/** Whether a config.json is timm's. */
export const isTimmConfig = (value: unknown): boolean =>
  value !== null && typeof value === "object" && "architecture" in value && !("model_type" in value);

/** Hints from the timm config.json at `where`. Throws for a model that cannot be run. */
export function parseTimmConfig(value: unknown, where: string): ModelHints {
  const result = schema.safeParse(value);
  if (!result.success)
    throw new FileError(`${where}: ${describeIssue(result.error, value)}, which no ViT can have.`);
  const { architecture, model_args: args, pretrained_cfg: config, ...rest } = result.data;
  if (/quickgelu/.test(architecture) || (args?.act_layer ?? "gelu") !== "gelu")
    throw new FileError(
      `${where}: architecture ${showValue(architecture)} has another activation than "gelu", which alone can be run.`,
    );
  const pool = args?.global_pool ?? rest.global_pool ?? "token";
  if (pool !== "token" && pool !== "")
    throw new FileError(
      `${where}: global_pool is ${showValue(pool)}; only "token", the CLS token, can be run.`,
    );
  if (config?.input_size && config.input_size[0] !== 3)
    throw new FileError(
      `${where}: pretrained_cfg.input_size has ${config.input_size[0]} channels; only 3 can be run.`,
    );
  const preprocessing = config ? parsePretrained(config, where) : undefined;
  const input = config?.input_size;
  const image = args?.img_size ?? (input && ([input[1], input[2]] as const));
  const imageSize = typeof image === "number" ? ([image, image] as const) : image;
  return {
    where,
    names: { imageSize: args?.img_size ? "model_args.img_size" : "pretrained_cfg.input_size" },
    layerNormEps: 1e-6, // timm's ViTs fix it; no checkpoint says it
    ...(args?.num_heads && { heads: args.num_heads }),
    ...(imageSize && { imageSize }),
    labels: rest.label_names ?? config?.label_names ?? [],
    ...(preprocessing && { preprocessing }),
  };
}
