/** Hugging Face's config.json of a ViT, validated and converted to hints. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { labelNamesSchema, parseLabelNames } from "./label-names.ts";
import type { Problem } from "./model.ts";
import type { ModelHints } from "./model-hints.ts";
import type { VitConfig } from "./vit.ts";

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
  id2label: labelNamesSchema.nullish(),
  label2id: labelNamesSchema.nullish(),
  problem_type: z.string().nullish(),
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

/** Labels by class; what transformers puts where nobody named them, LABEL_0 and so on, names nothing. */
function parseLabels({ id2label, label2id }: Config, where: string): readonly string[] {
  const names = id2label ?? label2id;
  if (!names) return [];
  const labels = parseLabelNames(names, { where, key: id2label ? "id2label" : "label2id" });
  return labels.every((label, index) => label === `LABEL_${index}`) ? [] : labels;
}

/** What transformers calls the problem that a head was trained for. */
function parseProblem({ problem_type: type }: Config, where: string): Problem | undefined {
  if (type === undefined || type === null || type === "single_label_classification") return undefined;
  if (type === "multi_label_classification") return "multi-label";
  if (type === "regression") return "regression";
  throw new FileError(
    `${where}: problem_type is ${showValue(type)}; known are single_label_classification, multi_label_classification and regression.`,
  );
}

/** Plain ViTs under several names, and what their configurations mean where they leave it out. */
const defaults: ReadonlyMap<unknown, Pick<VitConfig, "heads" | "layerNormEps">> = new Map([
  ["vit", { heads: 12, layerNormEps: 1e-12 }],
  ["vit_mae", { heads: 12, layerNormEps: 1e-12 }],
  ["vit_msn", { heads: 12, layerNormEps: 1e-6 }],
]);

/** Hints from the config.json at `where`. Throws for a model that is not a plain ViT, or one that cannot be run. */
export function parseHuggingFaceConfig(value: unknown, where: string): ModelHints {
  const kind = value !== null && typeof value === "object" ? Reflect.get(value, "model_type") : undefined;
  const own = defaults.get(kind);
  if (own === undefined)
    throw new FileError(
      `${where}: model_type is ${showValue(kind)}; only plain ViTs (${[...defaults.keys()].map(showValue).join(", ")}) can be read.`,
    );
  const result = schema.safeParse(value);
  if (!result.success)
    throw new FileError(`${where}: ${describeIssue(result.error, value)}, which no ViT can have.`);
  const config = result.data;
  refuseOtherLayers(config, where);
  return { where, ...sizesOf(config, own, where), ...headOf(config, where) };
}

function refuseOtherLayers(config: Config, where: string): void {
  const { hidden_act: activation = "gelu", num_channels: channels = 3 } = config;
  if (activation !== "gelu")
    throw new FileError(
      `${where}: hidden_act is ${showValue(activation)}; only "gelu", the exact one, can be run.`,
    );
  if (channels !== 3) throw new FileError(`${where}: num_channels is ${channels}; only 3 can be run.`);
}

/** What the file leaves out and the weights show, such as the width, is left to these. */
function sizesOf(
  config: Config,
  own: Pick<VitConfig, "heads" | "layerNormEps">,
  where: string,
): Partial<ModelHints> {
  const image = config.image_size;
  const given = {
    width: config.hidden_size,
    depth: config.num_hidden_layers,
    heads: config.num_attention_heads ?? own.heads,
    mlpWidth: config.intermediate_size,
    layerNormEps: config.layer_norm_eps ?? own.layerNormEps,
    patchSize: squarePatch(config.patch_size, where),
    imageSize: typeof image === "number" ? ([image, image] as const) : image,
  };
  return {
    names: {
      width: "hidden_size",
      depth: "num_hidden_layers",
      mlpWidth: "intermediate_size",
      patchSize: "patch_size",
      imageSize: "image_size",
    },
    ...(Object.fromEntries(Object.entries(given).filter(([, item]) => item !== undefined)) as typeof given),
  };
}

function headOf(config: Config, where: string): Pick<ModelHints, "labels" | "problem"> {
  const problem = parseProblem(config, where);
  return { labels: parseLabels(config, where), ...(problem && { problem }) };
}
