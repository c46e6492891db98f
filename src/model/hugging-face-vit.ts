/** transformers' config.json of a Vision Transformer: sizes and layers, as hints. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { describeIssue } from "./describe-issue.ts";
import type { ModelHints } from "./model-hints.ts";
import type { VitConfig } from "./vit.ts";

const count = z.int().min(1).max(limits.MAX_CONFIG_SIZE.value);

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
});

type Config = z.infer<typeof schema>;

function squarePatch(patch: Config["patch_size"], where: string): number | undefined {
  if (!Array.isArray(patch)) return patch;
  if (patch[0] !== patch[1])
    throw new FileError(`${where}: patch_size is ${patch.join(" x ")}; only square patches can be run.`);
  return patch[0];
}

/** Plain ViTs under several names, and what their configurations mean where they leave it out. */
const defaults: ReadonlyMap<string, Pick<VitConfig, "heads" | "layerNormEps">> = new Map([
  ["vit", { heads: 12, layerNormEps: 1e-12 }],
  ["vit_mae", { heads: 12, layerNormEps: 1e-12 }],
  ["vit_msn", { heads: 12, layerNormEps: 1e-6 }],
]);

/** Values of `model_type`. */
export const vitModelTypes: readonly string[] = [...defaults.keys()];

/** Throws for a model that cannot be run. */
export function readHuggingFaceVit(value: Readonly<Record<string, unknown>>, where: string): ModelHints {
  const own = defaults.get(String(value.model_type));
  if (own === undefined) throw new Error(`internal: ${value.model_type} is no Vision Transformer.`);
  const result = schema.safeParse(value);
  if (!result.success)
    throw new FileError(`${where}: ${describeIssue(result.error, value)}, which no ViT can have.`);
  const config = result.data;
  refuseOtherLayers(config, where);
  return sizesOf(config, own, where);
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
