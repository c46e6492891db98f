/** Hugging Face's config.json of a ViT, validated and converted to hints. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import type { ModelHints } from "./model-hints.ts";

export const MAX_CONFIG_SIZE = limits.MAX_CONFIG_SIZE.value;
const count = z.int().min(1).max(MAX_CONFIG_SIZE);

const schema = z.looseObject({
  hidden_size: count.optional(),
  num_hidden_layers: count.optional(),
  num_attention_heads: count.optional(),
  intermediate_size: count.optional(),
  image_size: z.union([count, z.tuple([count, count])]).optional(),
  patch_size: z.union([count, z.tuple([count, count])]).optional(),
  num_channels: count.optional(),
  hidden_act: z.string().optional(),
  layer_norm_eps: z.number().gt(0).lt(1).optional(),
  id2label: z.record(z.string(), z.string()).nullish(),
});

type Config = z.infer<typeof schema>;

/** The first thing that is wrong with a value: which key, and what it holds. */
export function describeIssue(error: z.ZodError, value: unknown): string {
  const path = error.issues[0]?.path ?? [];
  let at: unknown = value;
  for (const key of path) at = at !== null && typeof at === "object" ? Reflect.get(at, key) : undefined;
  return path.length === 0 ? `the file holds ${showValue(at)}` : `${path.join(".")} is ${showValue(at)}`;
}

function squarePatch(patch: Config["patch_size"], where: string): number | undefined {
  if (!Array.isArray(patch)) return patch;
  if (patch[0] !== patch[1])
    throw new FileError(`${where}: patch_size is ${patch.join(" x ")}; only square patches can be run.`);
  return patch[0];
}

/** Labels by index; what transformers puts where nobody named them, LABEL_0 and so on, names nothing. */
function parseLabels(id2label: Config["id2label"], where: string): readonly string[] {
  const entries = Object.entries(id2label ?? {});
  const labels = entries.map((_, index) => id2label?.[String(index)]);
  const missing = labels.indexOf(undefined);
  if (missing !== -1)
    throw new FileError(`${where}: id2label has ${entries.length} labels, but none for class ${missing}.`);
  return labels.every((label, index) => label === `LABEL_${index}`)
    ? []
    : labels.filter((label) => label !== undefined);
}

/** Hints from the config.json at `where`. Throws for a model that is not a plain ViT, or one that cannot be run. */
export function parseHuggingFaceConfig(value: unknown, where: string): ModelHints {
  const kind = value !== null && typeof value === "object" ? Reflect.get(value, "model_type") : undefined;
  if (kind !== "vit")
    throw new FileError(`${where}: model_type is ${showValue(kind)}; only plain ViTs ("vit") can be read.`);
  const result = schema.safeParse(value);
  if (!result.success)
    throw new FileError(`${where}: ${describeIssue(result.error, value)}, which no ViT can have.`);
  const config = result.data;
  const { hidden_act: activation = "gelu", num_channels: channels = 3, image_size: image } = config;
  if (activation !== "gelu")
    throw new FileError(
      `${where}: hidden_act is ${showValue(activation)}; only "gelu", the exact one, can be run.`,
    );
  if (channels !== 3) throw new FileError(`${where}: num_channels is ${channels}; only 3 can be run.`);
  const patchSize = squarePatch(config.patch_size, where);
  const given = {
    width: config.hidden_size,
    depth: config.num_hidden_layers,
    heads: config.num_attention_heads,
    mlpWidth: config.intermediate_size,
    layerNormEps: config.layer_norm_eps,
    patchSize,
    imageSize: typeof image === "number" ? ([image, image] as const) : image,
  };
  return {
    where,
    names: {
      width: "hidden_size",
      depth: "num_hidden_layers",
      mlpWidth: "intermediate_size",
      patchSize: "patch_size",
      imageSize: "image_size",
    },
    ...(Object.fromEntries(Object.entries(given).filter(([, item]) => item !== undefined)) as typeof given),
    labels: parseLabels(config.id2label, where),
  };
}
