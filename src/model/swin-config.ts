/** The sizes of a Swin or SwinV2, as an adapter's file holds them. */

import { z } from "zod";
import { limits } from "../limits.ts";

/** Stage s has tokens of 2^s times the width, on half the rows and columns of the stage before. */
export interface SwinConfig {
  /** SwinV2 norms what a branch gives, and attends by cosines with positions made by a small MLP. */
  readonly family: "swin" | "swinv2";
  /** Height and width of the input in pixels. */
  readonly imageSize: readonly [height: number, width: number];
  readonly patchSize: number;
  /** Width of a token in the first stage. */
  readonly width: number;
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** Heads of each stage. */
  readonly stageHeads: readonly number[];
  /** Rows, and columns, of a window in each stage, as its positions were trained. */
  readonly windows: readonly number[];
  /** Of SwinV2 the windows of each stage whose offsets its positions are measured by. */
  readonly pretrainedWindows?: readonly number[] | undefined;
  /** How many times wider than a token the hidden layer of an MLP is. */
  readonly mlpRatio: number;
  readonly layerNormEps: number;
  /** Rows of the classification head; 0 where the model has none. */
  readonly classes: number;
}

const size = z.int().min(1).max(limits.MAX_ADAPTER_SIZE.value);
const perStage = (each: z.ZodNumber) => z.array(each).min(1).max(limits.MAX_STAGES.value);

/** A configuration as an adapter's file holds it. */
export const swinConfigSchema = (family: SwinConfig["family"]) =>
  z.object({
    family: z.literal(family),
    imageSize: z.tuple([size, size]),
    patchSize: size,
    width: size,
    depths: perStage(z.int().min(1).max(limits.MAX_BLOCKS.value)),
    stageHeads: perStage(size),
    windows: perStage(z.int().min(1).max(limits.MAX_WINDOW.value)),
    pretrainedWindows: perStage(z.int().min(1).max(limits.MAX_WINDOW.value)).optional(),
    mlpRatio: z.number().gt(0).max(64),
    layerNormEps: z.number().gt(0).lt(1),
    classes: z.int().min(1).max(limits.MAX_CLASSES.value),
  });

/** What is wrong between two fields that are fine by themselves; nothing where they fit. */
export function swinConfigFlaw(config: SwinConfig): string | undefined {
  const { imageSize, patchSize, width, depths, stageHeads, windows, pretrainedWindows, family } = config;
  const stages = depths.length;
  const blocks = depths.reduce((a, b) => a + b, 0);
  if (blocks > limits.MAX_BLOCKS.value) return `${blocks} blocks are more than ${limits.MAX_BLOCKS.value}`;
  for (const [name, list] of Object.entries({
    stageHeads,
    windows,
    pretrainedWindows: pretrainedWindows ?? depths,
  }))
    if (list.length !== stages) return `${name} has ${list.length} entries for ${stages} stages`;
  if ((family === "swinv2") !== (pretrainedWindows !== undefined))
    return `pretrainedWindows belongs to SwinV2, and only to it`;
  const uneven = stageHeads.findIndex((count, stage) => (width * 2 ** stage) % count !== 0);
  if (uneven >= 0) return `${stageHeads[uneven]} heads cannot share a width of ${width * 2 ** uneven}`;
  if (imageSize.some((side) => side % patchSize !== 0))
    return `images of ${imageSize.join(" x ")} pixels are not whole patches of ${patchSize}`;
  return undefined;
}
