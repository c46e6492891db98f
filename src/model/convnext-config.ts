/** The sizes of a ConvNeXt or ConvNeXt V2, as an adapter's file holds them. */

import { z } from "zod";
import { limits } from "../limits.ts";

export interface ConvNextConfig {
  /** The second has global response normalisation in its MLPs. */
  readonly family: "convnext" | "convnextv2";
  /** Height and width of the input in pixels. */
  readonly imageSize: readonly [height: number, width: number];
  readonly patchSize: number;
  /** Width of the map in each stage. */
  readonly widths: readonly number[];
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** Rows, and columns, of the kernels that mix pixels. */
  readonly kernelSize: number;
  /** How many times wider than the map the hidden layer of an MLP is. */
  readonly mlpRatio: number;
  readonly layerNormEps: number;
  /** That of the last norm, behind the mean. */
  readonly lastNormEps: number;
  /** Rows of the classification head; 0 where the model has none. */
  readonly classes: number;
}

const size = z.int().min(1).max(limits.MAX_ADAPTER_SIZE.value);
const epsilon = z.number().gt(0).lt(1);
const perStage = (each: z.ZodNumber) => z.array(each).min(1).max(limits.MAX_STAGES.value);

/** A configuration as an adapter's file holds it. */
export const convNextConfigSchema = (family: ConvNextConfig["family"]) =>
  z.object({
    family: z.literal(family),
    imageSize: z.tuple([size, size]),
    patchSize: size,
    widths: perStage(size),
    depths: perStage(z.int().min(1).max(limits.MAX_BLOCKS.value)),
    kernelSize: z.int().min(1).max(limits.MAX_WINDOW.value),
    mlpRatio: z.number().gt(0).max(64),
    layerNormEps: epsilon,
    lastNormEps: epsilon,
    classes: z.int().min(1).max(limits.MAX_CLASSES.value),
  });

/** What is wrong between two fields that are fine by themselves; nothing where they fit. */
export function convNextConfigFlaw(config: ConvNextConfig): string | undefined {
  const { imageSize, patchSize, widths, depths, kernelSize } = config;
  if (widths.length !== depths.length)
    return `widths has ${widths.length} entries for ${depths.length} stages`;
  const blocks = depths.reduce((a, b) => a + b, 0);
  if (blocks > limits.MAX_BLOCKS.value) return `${blocks} blocks are more than ${limits.MAX_BLOCKS.value}`;
  if (kernelSize % 2 === 0) return `kernels of ${kernelSize} have no middle`;
  if (imageSize.some((side) => side % patchSize !== 0))
    return `images of ${imageSize.join(" x ")} pixels are not whole patches of ${patchSize}`;
  const least = patchSize * 2 ** (depths.length - 1);
  if (imageSize.some((side) => side < least)) return `images need at least ${least} x ${least} pixels`;
  return undefined;
}
