/** What a config.json of transformers or timm says about a Swin, and the configuration that follows from it and the weights. */

import { z } from "zod";
import { FileError, InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { needed } from "../needed.ts";
import { describeIssue } from "./describe-issue.ts";
import type { CommonHints, Configured, ConfigureOptions } from "./family.ts";
import { checkImageSize } from "./model-hints.ts";
import type { SwinConfig } from "./swin-config.ts";
import type { SwinPlan } from "./swin-plan.ts";
import type { TimmConfig } from "./timm-schema.ts";

export interface SwinHints extends CommonHints {
  readonly imageSize?: readonly [height: number, width: number];
  /** Rows, and columns, of a window, at most those of its stage. */
  readonly window?: number;
  /** Of SwinV2 the windows that its positions are measured by; 0 for those it has now. */
  readonly pretrainedWindows?: readonly number[];
  readonly layerNormEps?: number;
  /** Sizes that weights show too, by our names, each with what the file calls it. */
  readonly claims?: readonly Claim[];
}

interface Claim {
  readonly key: "width" | "patchSize" | "depths" | "stageHeads";
  readonly theirs: string;
  readonly value: number | readonly number[];
}

type Family = SwinConfig["family"];

const count = z.int().min(1).max(limits.MAX_CONFIG_SIZE.value);
const perStage = z
  .array(z.int().min(0).max(limits.MAX_CONFIG_SIZE.value))
  .min(1)
  .max(limits.MAX_STAGES.value);
const window = z.int().min(1).max(limits.MAX_WINDOW.value);

const huggingFaceSchema = z.looseObject({
  image_size: z.union([count, z.tuple([count, count])]).optional(),
  patch_size: count.optional(),
  num_channels: count.optional(),
  embed_dim: count.optional(),
  depths: perStage.optional(),
  num_heads: perStage.optional(),
  window_size: window.optional(),
  pretrained_window_sizes: perStage.optional(),
  hidden_act: z.string().optional(),
  layer_norm_eps: z.number().gt(0).lt(1).optional(),
});

/** transformers' default window, image size and epsilon. */
const preset = { window: 7, imageSize: 224, layerNormEps: 1e-5 };

/** Throws for a model that cannot be run. */
export const readHuggingFaceSwin = (value: Readonly<Record<string, unknown>>, where: string): SwinHints => {
  const result = huggingFaceSchema.safeParse(value);
  if (!result.success)
    throw new FileError(`${where}: ${describeIssue(result.error, value)}, which no Swin can have.`);
  const config = result.data;
  const { hidden_act: activation = "gelu", num_channels: channels = 3 } = config;
  if (activation !== "gelu")
    throw new FileError(
      `${where}: hidden_act is ${showValue(activation)}; only "gelu", the exact one, can be run.`,
    );
  if (channels !== 3) throw new FileError(`${where}: num_channels is ${channels}; only 3 can be run.`);
  const side = config.image_size ?? preset.imageSize;
  const claim = (key: Claim["key"], theirs: string) => {
    const said = config[theirs];
    return said === undefined ? [] : [{ key, theirs, value: said as Claim["value"] }];
  };
  return {
    imageSize: typeof side === "number" ? [side, side] : side,
    window: config.window_size ?? preset.window,
    layerNormEps: config.layer_norm_eps ?? preset.layerNormEps,
    ...(config.pretrained_window_sizes && { pretrainedWindows: config.pretrained_window_sizes }),
    claims: [
      ...[...claim("width", "embed_dim"), ...claim("patchSize", "patch_size")],
      ...[...claim("depths", "depths"), ...claim("stageHeads", "num_heads")],
    ],
  };
};

/** Whether timm's architecture of this name is one of a family: all Swins but those with other blocks. */
export const isTimmSwin =
  (family: Family) =>
  (architecture: string): boolean =>
    (family === "swin" ? /^swin_/ : /^swinv2_/).test(architecture);

/** Arguments of timm's Swins that change nothing that weights or other fields do not show. */
const knownArguments =
  /^(img_size|window_size|num_classes|embed_dim|depths|num_heads|patch_size|drop_path_rate|strict_img_size|pretrained_window_sizes|mlp_ratio|qkv_bias|in_chans)$/;

/** Throws for a model that cannot be run. */
export function readTimmSwin(config: TimmConfig, where: string): SwinHints {
  const { architecture, model_args: args, pretrained_cfg: pretrained } = config;
  if (/^swinv2_cr_/.test(architecture))
    throw new FileError(
      `${where}: architecture ${showValue(architecture)} is timm's own reading of SwinV2, with other blocks; only swinv2_ without cr can be run.`,
    );
  const pool = args?.global_pool ?? config.global_pool ?? "avg";
  if (pool !== "avg" && pool !== "")
    throw new FileError(
      `${where}: global_pool is ${showValue(pool)}; only "avg", the mean of all tokens, can be run.`,
    );
  const other = Object.keys(args ?? {}).find((key) => !knownArguments.test(key) && key !== "global_pool");
  if (other !== undefined)
    throw new FileError(
      `${where}: model_args.${other} is ${showValue(args?.[other])}; only timm's default for a Swin can be run.`,
    );
  const [, named, grown] = /window(\d+)(?:to(\d+))?/.exec(architecture) ?? [];
  const given = window.safeParse(args?.window_size ?? Number(grown ?? named));
  const before = perStage.safeParse(args?.pretrained_window_sizes);
  const input = pretrained?.input_size;
  const image = args?.img_size ?? (input ? ([input[1], input[2]] as const) : undefined);
  return {
    layerNormEps: 1e-5,
    ...(image && { imageSize: typeof image === "number" ? ([image, image] as const) : image }),
    ...(given.success && { window: given.data }),
    ...(before.success
      ? { pretrainedWindows: before.data }
      : grown && { pretrainedWindows: timmPretrained(Number(named)) }),
    ...(args?.embed_dim && {
      claims: [{ key: "width", theirs: "model_args.embed_dim", value: args.embed_dim }],
    }),
  };
}

/** timm's models that were trained again with larger windows: the last stage had half as many rows. */
const timmPretrained = (side: number): readonly number[] => [side, side, side, side / 2];

function refuseConflicts({ sizes }: SwinPlan, { claims = [], where, advice }: SwinHints, from: string): void {
  for (const { key, theirs, value } of claims)
    if (String(value) !== String(sizes[key]))
      throw new FileError(
        `${where}: ${theirs} is ${showValue(value)}, but the weights in ${from} have ${showValue(sizes[key])}.${advice ?? ""}`,
      );
}

/** Sizes from the plan, the rest from hints, and from convention where neither says; each inference makes a note. */
export const configureSwin =
  (family: Family) =>
  (plan: SwinPlan, { where, hints = {}, heads }: ConfigureOptions<SwinHints>): Configured<SwinConfig> => {
    refuseConflicts(plan, hints, where);
    if (heads !== undefined)
      throw new InputError(
        (show) =>
          `${where}: its weights tell how many heads each stage of a Swin has. Leave ${show("heads")} out.`,
      );
    const { windows: measured, ...sizes } = plan.sizes;
    const notes: string[] = [];
    if (hints.where === undefined)
      notes.push(
        `No config.json says what the weights compute; assumed are exact GELU, and a layer-norm epsilon of ${preset.layerNormEps}.`,
      );
    const found = hints.imageSize ?? inferImageSize(plan, hints, where);
    if (hints.imageSize === undefined)
      notes.push(`Image size ${found[0]} was inferred from the windows of the last stage.`);
    const imageSize = checkImageSize(found, sizes.patchSize);
    const windows = measured ?? windowsOf(plan, { window: hints.window, imageSize, where });
    const config: SwinConfig = {
      ...{ family, ...sizes, imageSize, windows },
      ...(family === "swinv2" && { pretrainedWindows: pretrainedOf(hints.pretrainedWindows ?? [], windows) }),
      layerNormEps: hints.layerNormEps ?? preset.layerNormEps,
    };
    return { config, notes };
  };

/** Published Swins end with one window for the whole image. */
function inferImageSize(
  { sizes }: SwinPlan,
  { window }: SwinHints,
  where: string,
): readonly [number, number] {
  const last = sizes.windows?.at(-1) ?? window;
  if (last === undefined)
    throw new InputError(
      `${where}: the weights of a SwinV2 do not tell its windows or its image size. Put its config.json into the same folder.`,
    );
  const side = last * sizes.patchSize * 2 ** (sizes.depths.length - 1);
  return [side, side];
}

interface Windows {
  readonly window: number | undefined;
  readonly imageSize: SwinConfig["imageSize"];
  readonly where: string;
}

/** The windows of each stage, none larger than its grid. */
function windowsOf({ sizes }: SwinPlan, { window, imageSize, where }: Windows): readonly number[] {
  if (window === undefined)
    throw new FileError(`${where}: neither its config.json nor its weights tell the windows of this SwinV2.`);
  return sizes.depths.map((_, stage) => {
    const [rows, columns] = imageSize.map((side) => Math.ceil(side / sizes.patchSize / 2 ** stage)) as [
      number,
      number,
    ];
    if (Math.min(rows, columns) < window && rows !== columns)
      throw new FileError(
        `${where}: stage ${stage + 1} has ${rows} x ${columns} tokens, so windows of ${window} are not square there, which a SwinV2 needs here.`,
      );
    return Math.min(window, rows);
  });
}

/** Where nothing or 0 is said, those of each stage itself. */
const pretrainedOf = (said: readonly number[], windows: readonly number[]): readonly number[] =>
  windows.map((side, stage) => needed(said[stage] || side, "window of a stage"));
