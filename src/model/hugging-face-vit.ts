/** transformers' config.json of a Vision Transformer: sizes and layers, as hints. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import type { ActivationName } from "./activations.ts";
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
  use_swiglu_ffn: z.boolean().optional(),
  use_gated_mlp: z.boolean().optional(),
  rope_theta: z.number().optional(),
  apply_layernorm: z.boolean().optional(),
});

type Config = z.infer<typeof schema>;

function squarePatch(patch: Config["patch_size"], where: string): number | undefined {
  if (!Array.isArray(patch)) return patch;
  if (patch[0] !== patch[1])
    throw new FileError(`${where}: patch_size is ${patch.join(" x ")}; only square patches can be run.`);
  return patch[0];
}

type Own = Pick<VitConfig, "heads" | "layerNormEps"> &
  Pick<ModelHints, "activation" | "imageSize" | "pool" | "sizedBySteps">;

/** Vision Transformers under several names, and what their configurations mean where they leave it out. */
const defaults: ReadonlyMap<string, Own> = new Map([
  ["vit", { heads: 12, layerNormEps: 1e-12 }],
  ["vit_mae", { heads: 12, layerNormEps: 1e-12 }],
  ["vit_msn", { heads: 12, layerNormEps: 1e-6 }],
  ["deit", { heads: 12, layerNormEps: 1e-12 }],
  ["dinov2", { heads: 12, layerNormEps: 1e-6, pool: "cls+mean", sizedBySteps: true }],
  ["dinov2_with_registers", { heads: 12, layerNormEps: 1e-6, pool: "cls+mean", sizedBySteps: true }],
  ["dinov3_vit", { heads: 6, layerNormEps: 1e-5, imageSize: [224, 224] }],
  ["clip_vision_model", { heads: 12, layerNormEps: 1e-5, activation: "quick-gelu" }],
  ["siglip_vision_model", { heads: 12, layerNormEps: 1e-6, activation: "gelu-tanh" }],
  ["beit", { heads: 12, layerNormEps: 1e-12 }],
  ["data2vec-vision", { heads: 12, layerNormEps: 1e-12 }],
]);

/** Models of image and text, whose image tower has a configuration of its own. */
const towers: ReadonlyMap<string, string> = new Map([
  ["clip", "clip_vision_model"],
  ["siglip", "siglip_vision_model"],
]);

/** Values of `model_type`. */
export const vitModelTypes: readonly string[] = [...defaults.keys(), ...towers.keys()];

/** Throws for a model that cannot be run. */
export function readHuggingFaceVit(value: Readonly<Record<string, unknown>>, where: string): ModelHints {
  const tower = towers.get(String(value.model_type));
  const own = defaults.get(tower ?? String(value.model_type));
  if (own === undefined) throw new Error(`internal: ${value.model_type} is no Vision Transformer.`);
  const result = (
    tower === undefined ? schema : z.looseObject({ vision_config: schema.nullish() })
  ).safeParse(value);
  if (!result.success)
    throw new FileError(`${where}: ${describeIssue(result.error, value)}, which no ViT can have.`);
  const config = (tower === undefined ? result.data : (result.data.vision_config ?? {})) as Config;
  refuseOtherLayers(config, where);
  return {
    modelType: String(value.model_type),
    ...(own.sizedBySteps && { sizedBySteps: true }),
    ...sizesOf(config, own, where),
    ...layersOf(config, own, where),
  };
}

/** transformers' names of activations. */
export const activationsByName: ReadonlyMap<string, ActivationName> = new Map([
  ["gelu", "gelu"],
  ["gelu_pytorch_tanh", "gelu-tanh"],
  ["gelu_new", "gelu-tanh"],
  ["quick_gelu", "quick-gelu"],
  ["silu", "silu"],
  ["swish", "silu"],
]);

/** DINOv2's gated MLP has SiLU whatever `hidden_act` says. */
function layersOf({ hidden_act: name, use_swiglu_ffn }: Config, own: Own, where: string): ModelHints {
  const given = name === undefined ? (own.activation ?? "gelu") : activationsByName.get(name);
  if (given === undefined)
    throw new FileError(
      `${where}: hidden_act is ${showValue(name)}; known are ${[...activationsByName.keys()].join(", ")}.`,
    );
  const activation = use_swiglu_ffn ? "silu" : given;
  return { activation, ...(own.pool && { pool: own.pool }) };
}

function refuseOtherLayers(config: Config, where: string): void {
  const { num_channels: channels = 3, rope_theta: theta = 100 } = config;
  if (channels !== 3) throw new FileError(`${where}: num_channels is ${channels}; only 3 can be run.`);
  if (theta !== 100) throw new FileError(`${where}: rope_theta is ${theta}; only DINOv3's 100 can be run.`);
}

/** What the file leaves out and the weights show, such as the width, is left to these. */
function sizesOf(config: Config, own: Own, where: string): Partial<ModelHints> {
  const image = config.image_size;
  const given = {
    width: config.hidden_size,
    depth: config.num_hidden_layers,
    heads: config.num_attention_heads ?? own.heads,
    mlpWidth: config.use_swiglu_ffn === undefined ? config.intermediate_size : undefined,
    layerNormEps: config.layer_norm_eps ?? own.layerNormEps,
    patchSize: squarePatch(config.patch_size, where),
    imageSize: typeof image === "number" ? ([image, image] as const) : (image ?? own.imageSize),
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
