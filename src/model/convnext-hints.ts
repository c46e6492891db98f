/** What a config.json of transformers or timm says about a ConvNeXt, and the configuration that follows from it and the weights. */

import { z } from "zod";
import { FileError, InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import type { ConvNextConfig } from "./convnext-config.ts";
import type { ConvNextPlan } from "./convnext-plan.ts";
import { describeIssue } from "./describe-issue.ts";
import type { CommonHints, Configured, ConfigureOptions } from "./family.ts";
import { checkImageSize } from "./model-hints.ts";
import { headProjects } from "./timm-projection.ts";
import type { TimmConfig } from "./timm-schema.ts";

export interface ConvNextHints extends CommonHints {
  readonly imageSize?: readonly [height: number, width: number];
  readonly layerNormEps?: number;
  readonly lastNormEps?: number;
  /** Whether what stands where a head does is the projection to the space of texts. */
  readonly headProjects?: boolean;
  /** Sizes that weights show too, by our names, each with what the file calls it. */
  readonly claims?: readonly {
    readonly key: "widths" | "depths" | "patchSize";
    readonly theirs: string;
    readonly value: number | readonly number[];
  }[];
}

type Family = ConvNextConfig["family"];

const count = z.int().min(1).max(limits.MAX_CONFIG_SIZE.value);
const perStage = z.array(count).min(1).max(limits.MAX_STAGES.value);

const huggingFaceSchema = z.looseObject({
  image_size: z.union([count, z.tuple([count, count])]).optional(),
  patch_size: count.optional(),
  num_channels: count.optional(),
  hidden_sizes: perStage.optional(),
  depths: perStage.optional(),
  hidden_act: z.string().optional(),
  layer_norm_eps: z.number().gt(0).lt(1).optional(),
});

/** Throws for a model that cannot be run. */
export function readHuggingFaceConvNext(
  value: Readonly<Record<string, unknown>>,
  where: string,
): ConvNextHints {
  const result = huggingFaceSchema.safeParse(value);
  if (!result.success)
    throw new FileError(`${where}: ${describeIssue(result.error, value)}, which no ConvNeXt can have.`);
  const config = result.data;
  const { hidden_act: activation = "gelu", num_channels: channels = 3, image_size: side = 224 } = config;
  if (activation !== "gelu")
    throw new FileError(
      `${where}: hidden_act is ${showValue(activation)}; only "gelu", the exact one, can be run.`,
    );
  if (channels !== 3) throw new FileError(`${where}: num_channels is ${channels}; only 3 can be run.`);
  const claims = [
    { key: "widths", theirs: "hidden_sizes", value: config.hidden_sizes },
    { key: "depths", theirs: "depths", value: config.depths },
    { key: "patchSize", theirs: "patch_size", value: config.patch_size },
  ] as const;
  return {
    imageSize: typeof side === "number" ? [side, side] : side,
    // transformers gives this one to the last norm alone.
    lastNormEps: config.layer_norm_eps ?? 1e-12,
    claims: claims.flatMap(({ value: said, ...claim }) =>
      said === undefined ? [] : [{ ...claim, value: said }],
    ),
  };
}

/** Whether timm's architecture of this name is one of a family. */
export const isTimmConvNext =
  (family: Family) =>
  (architecture: string): boolean =>
    (family === "convnext" ? /^convnext_/ : /^convnextv2_/).test(architecture);

/** Arguments that weights show, or that change nothing in an answer. */
const knownArguments =
  /^(img_size|num_classes|depths|dims|drop_path_rate|global_pool|in_chans|ls_init_value|use_grn|conv_mlp|kernel_sizes|patch_size)$/;

/** Throws for a model that cannot be run. */
export function readTimmConvNext(config: TimmConfig, where: string): ConvNextHints {
  const { architecture, model_args: args, pretrained_cfg: pretrained } = config;
  if (/_(ols|rms|hnf|mlp)(_|\.|$)/.test(architecture))
    throw new FileError(
      `${where}: architecture ${showValue(architecture)} has another stem, norm or head than a ConvNeXt; only those without ols, rms, hnf and mlp can be run.`,
    );
  const pool = args?.global_pool ?? config.global_pool ?? "avg";
  if (pool !== "avg" && pool !== "")
    throw new FileError(
      `${where}: global_pool is ${showValue(pool)}; only "avg", the mean of all places, can be run.`,
    );
  const other = Object.keys(args ?? {}).find((key) => !knownArguments.test(key));
  if (other !== undefined)
    throw new FileError(
      `${where}: model_args.${other} is ${showValue(args?.[other])}; only timm's default for a ConvNeXt can be run.`,
    );
  const input = pretrained?.input_size;
  const image = args?.img_size ?? (input ? ([input[1], input[2]] as const) : undefined);
  // timm builds its largest one with another epsilon than all others.
  const epsilon = /^convnext_xxlarge/.test(architecture) ? 1e-5 : 1e-6;
  return {
    ...{ layerNormEps: epsilon, lastNormEps: epsilon },
    ...(headProjects(config) && { headProjects: true }),
    ...(image && { imageSize: typeof image === "number" ? ([image, image] as const) : image }),
  };
}

/** Sizes from the plan, the rest from hints, and from convention where neither says; each inference makes a note. */
export const configureConvNext =
  (family: Family) =>
  (
    plan: ConvNextPlan,
    { where, hints = {}, heads }: ConfigureOptions<ConvNextHints>,
  ): Configured<ConvNextConfig> => {
    for (const { key, theirs, value } of hints.claims ?? [])
      if (String(value) !== String(plan.sizes[key]))
        throw new FileError(
          `${hints.where}: ${theirs} is ${showValue(value)}, but the weights in ${where} have ${showValue(plan.sizes[key])}.${hints.advice ?? ""}`,
        );
    if (heads !== undefined)
      throw new InputError(
        (show) => `${where}: a ConvNeXt has no attention, and so no heads. Leave ${show("heads")} out.`,
      );
    const notes =
      hints.where === undefined
        ? [
            "No config.json says what the weights compute; assumed are exact GELU, a layer-norm epsilon of 0.000001, and images of 224 x 224 pixels.",
          ]
        : [];
    const imageSize = checkImageSize(hints.imageSize ?? [224, 224], plan.sizes.patchSize);
    const { layerNormEps = 1e-6, lastNormEps = 1e-6 } = hints;
    return { config: { family, ...plan.sizes, imageSize, layerNormEps, lastNormEps }, notes };
  };
