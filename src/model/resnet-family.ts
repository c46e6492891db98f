/** The family of ResNets: their sizes, and how they are read, resized and written. */

import { z } from "zod";
import { FileError, InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import type { Shape, Weight, Weights } from "../formats/tensor.ts";
import { limits } from "../limits.ts";
import { needed } from "../needed.ts";
import { describeIssue } from "./describe-issue.ts";
import type { CommonHints, Family, RenderWeightsOptions } from "./family.ts";
import { checkImageSize } from "./model-hints.ts";
import { resNet } from "./resnet.ts";
import { type ResNetConfig, resNetConfigFlaw, resNetConfigSchema } from "./resnet-config.ts";
import { huggingFaceResNet, resNetNamings } from "./resnet-names.ts";
import { planResNet, type ResNetPlan } from "./resnet-plan.ts";
import type { TimmConfig } from "./timm-schema.ts";

interface ResNetHints extends CommonHints {
  readonly imageSize?: readonly [height: number, width: number];
}

const [basic, bottleneck] = [
  [64, 128, 256, 512],
  [256, 512, 1024, 2048],
] as const;

/** He et al. 2016, table 1. */
const size = (depths: readonly number[], widths: readonly number[]): ResNetConfig => ({
  ...{ family: "resnet", imageSize: [224, 224], stemWidth: 64, widths, innerWidths: basic, depths },
  ...{ bottleneck: widths === bottleneck, classes: 0 },
});

export const resNetFamily: Family<ResNetConfig, ResNetHints, ResNetPlan> = {
  ...{
    name: "resnet",
    title: "ResNet",
    schema: resNetConfigSchema,
    flaw: resNetConfigFlaw,
    backbone: resNet,
  },
  unseen: [],
  facts: ({ depths, widths, innerWidths, bottleneck: three, imageSize }) => [
    ["blocks", `${depths.join(", ")} in ${depths.length} stages, of ${three ? "three" : "two"} convolutions`],
    ["channels", `${widths.join(", ")}, inside blocks ${innerWidths.join(", ")}`],
    ["images", `${imageSize.join(" x ")} pixels`],
  ],
  describe: ({ depths, widths }) =>
    `${depths.join(", ")} blocks of a ResNet, of ${widths.join(", ")} channels`,
  variants: {
    ...{ "resnet-18": size([2, 2, 2, 2], basic), "resnet-34": size([3, 4, 6, 3], basic) },
    ...{ "resnet-50": size([3, 4, 6, 3], bottleneck), "resnet-101": size([3, 4, 23, 3], bottleneck) },
  },
  modelTypes: ["resnet"],
  readHuggingFace: readHuggingFaceResNet,
  isTimm: (architecture) => /^(resnet(18|26|34|50|101|152)|wide_resnet(50|101)_2)(\.|$)/.test(architecture),
  readTimm: readTimmResNet,
  sources: resNetNamings.map(({ title }) => title),
  plan: planResNet,
  configure: ({ sizes }, { where, hints = {}, heads }) => {
    if (heads !== undefined)
      throw new InputError(
        (show) => `${where}: a ResNet has no attention, and so no heads. Leave ${show("heads")} out.`,
      );
    const notes = hints.imageSize
      ? []
      : ["Weights do not tell the image size; 224 x 224 pixels are assumed."];
    return { config: { ...sizes, imageSize: checkImageSize(hints.imageSize ?? [224, 224], 1) }, notes };
  },
  resize: async ({ config, weights }, { imageSize }) => ({
    ...{ config: { ...config, imageSize: checkImageSize(imageSize, 1) }, weights, notes: [] },
  }),
  renderConfig,
  renderWeights,
};

// ---------------------------------------------------------------- configurations

const count = z.int().min(1).max(limits.MAX_CONFIG_SIZE.value);
const schema = z.looseObject({
  image_size: z.union([count, z.tuple([count, count])]).optional(),
  num_channels: count.optional(),
  hidden_act: z.string().optional(),
  downsample_in_first_stage: z.boolean().optional(),
  downsample_in_bottleneck: z.boolean().optional(),
});

/** Throws for a model that cannot be run. */
function readHuggingFaceResNet(value: Readonly<Record<string, unknown>>, where: string): ResNetHints {
  const result = schema.safeParse(value);
  if (!result.success)
    throw new FileError(`${where}: ${describeIssue(result.error, value)}, which no ResNet can have.`);
  const {
    hidden_act: activation = "relu",
    num_channels: channels = 3,
    image_size: side,
    ...config
  } = result.data;
  if (activation !== "relu")
    throw new FileError(`${where}: hidden_act is ${showValue(activation)}; only "relu" can be run.`);
  if (channels !== 3) throw new FileError(`${where}: num_channels is ${channels}; only 3 can be run.`);
  for (const key of ["downsample_in_first_stage", "downsample_in_bottleneck"] as const)
    if (config[key]) throw new FileError(`${where}: ${key} is true; only false can be run.`);
  return side === undefined ? {} : { imageSize: typeof side === "number" ? [side, side] : side };
}

/** Throws for a model that cannot be run. */
function readTimmResNet(config: TimmConfig, where: string): ResNetHints {
  const { model_args: args, pretrained_cfg: pretrained } = config;
  const other = Object.keys(args ?? {}).find(
    (key) => !/^(num_classes|in_chans|layers|channels|drop_path_rate|img_size|global_pool)$/.test(key),
  );
  if (other !== undefined)
    throw new FileError(
      `${where}: model_args.${other} is ${showValue(args?.[other])}; only timm's default for a ResNet can be run.`,
    );
  const pool = args?.global_pool ?? config.global_pool ?? "avg";
  if (pool !== "avg")
    throw new FileError(
      `${where}: global_pool is ${showValue(pool)}; only "avg", the mean of all places, can be run.`,
    );
  const input = pretrained?.input_size;
  return input ? { imageSize: [input[1], input[2]] } : {};
}

// ---------------------------------------------------------------- as transformers stores it

/** The norms behind the convolutions do nothing but add the bias. */
async function renderWeights(
  { depths, bottleneck: three }: ResNetConfig,
  weights: Weights,
  { read }: RenderWeightsOptions,
): Promise<Weights> {
  const places = depths.flatMap((depth, stage) => Array.from({ length: depth }, (_, at) => ({ stage, at })));
  const result = new Map<string, Weight>();
  for (const [ours, weight] of weights) {
    const kind = ours.slice(ours.lastIndexOf(".") + 1);
    if (ours.startsWith("head.")) result.set(`${huggingFaceResNet.head}.${kind}`, weight);
    else {
      const [, number = "", role = ""] = /^blocks\.(\d+)\.(\w+)\./.exec(ours) ?? [];
      const { convolution, norm } =
        role === ""
          ? huggingFaceResNet.stem
          : huggingFaceResNet.inBlock(role, needed(places[Number(number)], ours));
      if (kind === "weight") {
        const kernel = role === "" ? 7 : role === "shortcut" || (three && role !== "conv2") ? 1 : 3;
        result.set(`resnet.${convolution}.weight`, channelsFirst(await read(weight), kernel));
      } else for (const [part, value] of normOf(weight)) result.set(`resnet.${norm}.${part}`, value);
    }
  }
  return result;
}

/** A batch norm that adds a bias: mean 0, and a variance that is 1 with its epsilon. */
function normOf(bias: Weight): [string, Weight][] {
  const all = (value: number): Weight => ({
    shape: bias.shape,
    data: new Float32Array(bias.shape[0] ?? 0).fill(value),
  });
  return [
    ["weight", all(1)],
    ["bias", bias],
    ["running_mean", all(0)],
    ["running_var", all(1 - 1e-5)],
    // A count of batches, which transformers looks for.
    ["num_batches_tracked", { shape: [], data: new Float32Array(1) }],
  ];
}

/** [out, size · size · channels] to [out, channels, size, size]. */
function channelsFirst(
  { shape: [out = 0, into = 0], data }: { readonly shape: Shape; readonly data: Float32Array },
  size: number,
): Weight {
  const places = size * size;
  const channels = into / places;
  const moved = Float32Array.from({ length: data.length }, (_, index) => {
    const place = index % places;
    const rest = Math.floor(index / places);
    const [row, channel] = [Math.floor(rest / channels), rest % channels];
    return data[(row * places + place) * channels + channel] ?? Number.NaN;
  });
  return { shape: [out, channels, size, size], data: moved };
}

/** Nothing where channels inside blocks are not those that transformers derives. */
function renderConfig(config: ResNetConfig): Readonly<Record<string, unknown>> | undefined {
  const { widths, innerWidths, bottleneck: three, classes } = config;
  if (widths.some((width, stage) => innerWidths[stage] !== (three ? width / 4 : width))) return undefined;
  return {
    architectures: [classes > 0 ? "ResNetForImageClassification" : "ResNetModel"],
    depths: config.depths,
    downsample_in_bottleneck: false,
    downsample_in_first_stage: false,
    embedding_size: config.stemWidth,
    hidden_act: "relu",
    hidden_sizes: widths,
    image_size: config.imageSize[0] === config.imageSize[1] ? config.imageSize[0] : config.imageSize,
    layer_type: three ? "bottleneck" : "basic",
    model_type: "resnet",
    num_channels: 3,
  };
}
