/** Hugging Face's preprocessor_config.json, read as steps. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { parseSteps } from "../preprocessing/parse-steps.ts";
import { fixedSize } from "../preprocessing/step-list.ts";
import type { Filter, Size, Step } from "../preprocessing/steps.ts";
import { channelValuesSchema, type Triple, tripleOf } from "./channel-values.ts";
import { describeIssue } from "./describe-issue.ts";
import { type ImageProcessor, imageProcessor, processorNames } from "./image-processors.ts";
import { parseTimmSteps, timmInputSchema } from "./timm-steps.ts";

/** Pillow's numbers for its filters. */
export const pillowFilters: readonly Filter[] = [
  "nearest",
  "lanczos",
  "bilinear",
  "bicubic",
  "box",
  "hamming",
];

const side = z.int().min(1).max(limits.MAX_SIDE.value);
const size = z.union([
  side,
  z.tuple([side, side]),
  z.strictObject({
    height: side.nullish(),
    width: side.nullish(),
    shortest_edge: side.nullish(),
    longest_edge: side.nullish(),
    max_height: side.nullish(),
    max_width: side.nullish(),
  }),
]);

const schema = z.looseObject({
  image_processor_type: z.string().nullish(),
  feature_extractor_type: z.string().nullish(),
  do_resize: z.boolean().nullish(),
  size: size.nullish(),
  resample: z.int().min(0).max(5).nullish(),
  do_center_crop: z.boolean().nullish(),
  crop_size: size.nullish(),
  crop_pct: z.number().min(0.01).max(2).nullish(),
  do_rescale: z.boolean().nullish(),
  rescale_factor: z.number().gt(0).nullish(),
  rescale_offset: z.boolean().nullish(),
  do_normalize: z.boolean().nullish(),
  image_mean: channelValuesSchema.nullish(),
  image_std: z.union([channelValuesSchema, z.tuple([])]).nullish(),
  include_top: z.boolean().nullish(),
  do_pad: z.boolean().nullish(),
  pad_size: size.nullish(),
  do_flip_channel_order: z.boolean().nullish(),
});

type Config = z.infer<typeof schema>;

/** A file whose fields are checked, and the processor that it is for. */
interface Parsed {
  readonly config: Config;
  readonly processor: ImageProcessor;
  readonly where: string;
}

const typeOf = ({ image_processor_type: type, feature_extractor_type: older }: Config): string =>
  type ?? older ?? "ViTImageProcessor";

/** Both sides, or the shorter one. */
type Target = Size | { readonly short: number };

function targetOf(
  key: "size" | "crop_size" | "pad_size",
  { config, processor, where }: Parsed,
): Target | undefined {
  const given = config[key];
  if (given === undefined || given === null) return undefined;
  if (typeof given === "number") return key === "size" && processor.short ? { short: given } : [given, given];
  if (Array.isArray(given)) return given;
  const {
    height,
    width,
    shortest_edge: short,
    longest_edge: long,
    max_height: tall,
    max_width: wide,
  } = given;
  const others = [long, tall, wide].some((edge) => edge !== undefined && edge !== null);
  if (height && width && !short && !others) return [height, width];
  if (short && !height && !width && !others) return key === "size" ? { short } : [short, short];
  throw new FileError(
    `${where}: ${key} is ${showValue(given)}; only height with width, or shortest_edge alone, can be prepared.`,
  );
}

function resizeSteps(parsed: Parsed): readonly Step[] {
  const { config, processor, where } = parsed;
  const filter = pillowFilters[config.resample ?? processor.resample] ?? "bilinear";
  const target =
    targetOf("size", parsed) ??
    (processor.short ? { short: processor.size } : ([processor.size, processor.size] as const));
  const share = config.crop_pct ?? processor.share;
  if (processor.special === "convnext") return convNextSteps(target, { share: share ?? 1, filter, where });
  if (processor.special === "levit" && "short" in target)
    return [["resizeShort", { size: Math.trunc((256 / 224) * target.short), filter }]];
  if (processor.share !== undefined && share !== undefined) return sharedSteps(target, { share, filter });
  return "short" in target
    ? [["resizeShort", { size: target.short, filter }]]
    : [["resize", { size: target, filter }]];
}

/** PoolFormer's: larger than the target by the share that is kept. A single size is the shorter side's. */
function sharedSteps(target: Target, { share, filter }: { share: number; filter: Filter }): readonly Step[] {
  const larger = (pixels: number) => Math.trunc(pixels / share);
  if ("short" in target) return [["resizeShort", { size: larger(target.short), filter }]];
  const [height, width] = target;
  return height === width
    ? [["resizeShort", { size: larger(height), filter }]]
    : [["resize", { size: [larger(height), larger(width)], filter }]];
}

/** ConvNext's: below 384 pixels the shorter side and a crop, from there on a squash. */
function convNextSteps(
  target: Target,
  { share, filter, where }: { share: number; filter: Filter; where: string },
): readonly Step[] {
  if (!("short" in target))
    throw new FileError(
      `${where}: size is ${showValue(target)}; ConvNext's processor needs a shortest_edge.`,
    );
  const { short } = target;
  if (short >= 384) return [["resize", { size: [short, short], filter }]];
  return [
    ["resizeShort", { size: Math.trunc(short / share), filter }],
    ["centerCrop", { size: [short, short], rounding: "down" }],
  ];
}

function cropSteps(parsed: Parsed): readonly Step[] {
  const { config, processor } = parsed;
  if (!(config.do_center_crop ?? processor.crops ?? false)) return [];
  const crop = processor.crop ?? processor.size;
  const target = targetOf("crop_size", parsed) ?? ([crop, crop] as const);
  return "short" in target ? [] : [["centerCrop", { size: target, rounding: "down" }]];
}

const each = (values: Triple, change: (value: number, channel: 0 | 1 | 2) => number): Triple => [
  change(values[0], 0),
  change(values[1], 1),
  change(values[2], 2),
];

/**
 * rgb · rescale - offset, less the mean, over the std; our step starts from rgb / 255, so it takes both times 1 / (255 · rescale).
 * EfficientNet's divides by the std once more.
 */
function normalizeStep({ config, processor }: Parsed): Step {
  const rescales = config.do_rescale ?? true;
  const rescale = rescales ? (config.rescale_factor ?? 1 / 255) : 1;
  const factor = Math.abs(rescale * 255 - 1) < 1e-6 ? 1 : 1 / (255 * rescale);
  const isEfficientNet = processor.special === "efficientnet";
  const offset = isEfficientNet && rescales && config.rescale_offset ? 1 : 0;
  const normalizes = config.do_normalize ?? true;
  const given = config.image_std;
  const std =
    given === undefined || given === null || (Array.isArray(given) && given.length === 0)
      ? processor.std
      : tripleOf(given);
  const mean = normalizes ? tripleOf(config.image_mean ?? processor.mean) : ([0, 0, 0] as const);
  const once = normalizes ? std : ([1, 1, 1] as const);
  const twice = isEfficientNet && (config.include_top ?? true);
  return [
    "normalize",
    {
      mean: each(mean, (value) => (value + offset) * factor),
      std: each(once, (value, channel) => value * factor * (twice ? std[channel] : 1)),
    },
  ];
}

/** Zeros that are added after normalising are no colour of a picture. */
function refusePadding(parsed: Parsed, steps: readonly Step[]): void {
  const target = parsed.config.do_pad ? targetOf("pad_size", parsed) : undefined;
  const size = fixedSize(steps);
  if (target === undefined || size === undefined || "short" in target) return;
  if (target[0] !== size[0] || target[1] !== size[1])
    throw new FileError(
      `${parsed.where}: do_pad is true, and pad_size ${showValue(parsed.config.pad_size)} is not the size of the images before, ${size.join(" x ")}; padding cannot be prepared.`,
    );
}

function parseConfig(value: unknown, where: string): Parsed {
  const result = schema.safeParse(value);
  if (!result.success)
    throw new FileError(
      `${where}: ${describeIssue(result.error, value)}, which is not valid in an image processor.`,
    );
  const config = result.data;
  const processor = imageProcessor(typeOf(config));
  if (processor === undefined)
    throw new FileError(
      `${where}: image_processor_type is ${showValue(typeOf(config))}; known are ${processorNames.join(", ")}.`,
    );
  return { config, processor, where };
}

const ownSteps = (value: unknown): unknown =>
  value !== null && typeof value === "object" ? Reflect.get(value, "rlrr_steps") : undefined;

/** What transformers keeps of a timm model: the fields of its pretrained_cfg. */
function timmInput(value: unknown, where: string) {
  if (value === null || typeof value !== "object") return undefined;
  if (Reflect.get(value, "image_processor_type") !== "TimmWrapperImageProcessor") return undefined;
  const result = timmInputSchema.safeParse(Reflect.get(value, "pretrained_cfg") ?? {});
  if (result.success) return result.data;
  throw new FileError(
    `${where}: pretrained_cfg: ${describeIssue(result.error, Reflect.get(value, "pretrained_cfg"))}, which is not valid in an image processor.`,
  );
}

/** Steps from the preprocessor_config.json at `where`. */
export function parseHuggingFaceSteps(
  value: unknown,
  { where }: { readonly where: string },
): readonly Step[] {
  const own = ownSteps(value);
  if (own !== undefined) return parseSteps(own, `${where}: rlrr_steps`);
  const timm = timmInput(value, where);
  if (timm !== undefined) return parseTimmSteps(timm, where);
  const parsed = parseConfig(value, where);
  const steps = [
    ...((parsed.config.do_resize ?? true) ? resizeSteps(parsed) : []),
    ...cropSteps(parsed),
    normalizeStep(parsed),
  ];
  refusePadding(parsed, steps);
  return parseSteps(steps, where);
}

/** Fields that are set but that the file's processor does not read, one sentence each, for the user to see. */
export function sayUnreadFields(value: unknown, where: string): readonly string[] {
  if (ownSteps(value) !== undefined || timmInput(value, where) !== undefined) return [];
  const { config, processor } = parseConfig(value, where);
  const unread = [
    ...(processor.share === undefined ? (["crop_pct"] as const) : []),
    ...(processor.special === "efficientnet" ? [] : (["rescale_offset"] as const)),
    "do_flip_channel_order" as const,
  ];
  return unread
    .filter((key) => config[key])
    .map((key) => `${where}: ${key} is ${showValue(config[key])}, which ${typeOf(config)} does not read.`);
}
