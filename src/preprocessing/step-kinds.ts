/** The table of step kinds, one row each: options, output size, deterministic counterpart, actions. */

import { z } from "zod";
import { limits } from "../limits.ts";
import type { Action } from "./actions.ts";
import {
  centerBox,
  centerBoxDown,
  fitSize,
  type ImageSize,
  type Random,
  randomArea,
  randomBox,
  shortSideSize,
} from "./boxes.ts";
import { randAugment } from "./rand-augment.ts";
import { filters, type Size, type Step, type StepName, type StepOptions } from "./steps.ts";

export const MAX_SIDE = limits.MAX_SIDE.value;
/** timm's and torchvision's share of a resized image that a crop keeps: 224 of 256. */
export const CROP_SHARE = 0.875;

/** How many times longer the sides become. */
export interface Scale {
  readonly vertical: number;
  readonly horizontal: number;
}

export interface StepKind<Options> {
  /** Checks its options; each is described by what is valid, for messages. */
  readonly options: z.ZodObject & z.ZodType<Options>;
  /** What evaluation does in its place. Only random steps have it. */
  readonly deterministic?: (options: Options) => readonly Step[];
  /** The size of every image after it, or undefined where that depends on the image. */
  readonly size: (options: Options, before: Size | undefined) => Size | undefined;
  /** Its options for another image size, every size in them in proportion. */
  readonly scale: (options: Options, by: Scale) => Options;
  /** What it does to an image of this size. Random numbers are sampled here, in this order. */
  readonly actions: (options: Options, image: ImageSize, random: Random) => readonly Action[];
}

const side = z.int().min(1).max(MAX_SIDE).describe(`a whole number from 1 to ${MAX_SIDE}`);
const size = z.tuple([side, side]).describe(`[height, width], each a whole number from 1 to ${MAX_SIDE}`);
const filter = z.enum(filters).describe("nearest, box, bilinear, hamming, bicubic or lanczos");
const finite = z.number().min(-1e6).max(1e6);
const byte = z.int().min(0).max(255);
const bytesWord = "three whole numbers from 0 to 255";
const colour = z.tuple([byte, byte, byte]).describe(bytesWord);
const level = z.number().min(0).max(10);
const positive = z.number().min(1e-6).max(1e6);
const range = (value: z.ZodNumber) => z.tuple([value, value]).refine(([low, high]) => low <= high);

const scaleSize = (old: Size, { vertical, horizontal }: Scale): Size => [
  Math.round(old[0] * vertical),
  Math.round(old[1] * horizontal),
];
/** For steps that end in `size`, and whose only size it is. */
const sized = {
  size: <Options extends { readonly size: Size }>(options: Options) => options.size,
  scale: <Options extends { readonly size: Size }>(options: Options, by: Scale) => ({
    ...options,
    size: scaleSize(options.size, by),
  }),
};
/** For steps that do not depend on a size. */
const unsized = {
  size: (_: unknown, before: Size | undefined) => before,
  scale: <Options>(options: Options) => options,
};

export const stepKinds: { readonly [Name in StepName]: StepKind<StepOptions[Name]> } = {
  resize: {
    options: z.strictObject({ size, filter }),
    ...sized,
    actions: (options) => [{ type: "resize", ...options }],
  },
  resizeShort: {
    options: z.strictObject({ size: side, filter }),
    size: () => undefined,
    scale: (options, { vertical, horizontal }) => ({
      ...options,
      size: Math.round(options.size * Math.max(vertical, horizontal)),
    }),
    actions: ({ size, filter }, image) => [{ type: "resize", size: shortSideSize(image, size), filter }],
  },
  resizeFit: {
    options: z.strictObject({ size, fit: z.enum(["cover", "contain"]).describe("cover or contain"), filter }),
    size: () => undefined,
    scale: (options, by) => ({ ...options, size: scaleSize(options.size, by) }),
    actions: ({ size, fit, filter }, image) => [
      { type: "resize", size: fitSize(image, { size, fit }), filter },
    ],
  },
  centerCrop: {
    options: z.strictObject({
      size,
      rounding: z.enum(["even", "down"]).optional().describe("even or down"),
      fill: colour.optional().describe(bytesWord),
    }),
    ...sized,
    actions: ({ size, rounding, fill }, image) => {
      const box = rounding === "down" ? centerBoxDown(image, size) : centerBox(image, size);
      return [{ type: "crop", box: fill ? { ...box, fill } : box }];
    },
  },
  randomCrop: {
    options: z.strictObject({ size }),
    ...sized,
    deterministic: ({ size }) => [["centerCrop", { size }]],
    actions: ({ size }, image, random) => [{ type: "crop", box: randomBox(image, size, random) }],
  },
  randomResizedCrop: {
    options: z.strictObject({
      size,
      scale: range(z.number().gt(0).max(1)).describe("[lowest, highest], above 0 and at most 1"),
      ratio: range(positive).describe("[lowest, highest], both above 0"),
      filter,
    }),
    ...sized,
    deterministic: ({ size, filter }) => [
      ["resizeShort", { size: Math.min(MAX_SIDE, Math.round(Math.max(...size) / CROP_SHARE)), filter }],
      ["centerCrop", { size }],
    ],
    actions: ({ size, filter, ...area }, image, random) => [
      { type: "crop", box: randomArea(image, area, random) },
      { type: "resize", size, filter },
    ],
  },
  randomHorizontalFlip: {
    options: z.strictObject({ probability: z.number().min(0).max(1).describe("a number from 0 to 1") }),
    ...unsized,
    deterministic: () => [],
    actions: ({ probability }, _, random) => (random() < probability ? [{ type: "flip" }] : []),
  },
  randomAugment: {
    options: z.strictObject({
      magnitude: level.describe("a number from 0 to 10"),
      magnitudeStd: level.describe("a number from 0 to 10"),
      filter: z.enum(["bilinear", "bicubic"]).describe("bilinear or bicubic"),
      fill: colour,
    }),
    ...unsized,
    deterministic: () => [],
    actions: randAugment,
  },
  normalize: {
    options: z.strictObject({
      mean: z.tuple([finite, finite, finite]).describe("three numbers"),
      std: z.tuple([positive, positive, positive]).describe("three numbers above 0"),
    }),
    ...unsized,
    actions: () => [], // makes numbers of bytes, so it comes after all actions
  },
};

/** The row of a step, for its own options: the compiler does not see that the two belong together. */
export const kindOf = (step: Step): StepKind<Step[1]> => stepKinds[step[0]] as unknown as StepKind<Step[1]>;

export const isRandom = (step: Step): boolean => kindOf(step).deterministic !== undefined;
