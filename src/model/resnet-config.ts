/** The sizes of a ResNet, as an adapter's file holds them. */

import { z } from "zod";
import { limits } from "../limits.ts";

export interface ResNetConfig {
  readonly family: "resnet";
  /** Height and width of the input in pixels. */
  readonly imageSize: readonly [height: number, width: number];
  /** Channels behind the first convolution. */
  readonly stemWidth: number;
  /** Channels that each stage gives. */
  readonly widths: readonly number[];
  /** Channels inside the blocks of each stage. */
  readonly innerWidths: readonly number[];
  /** Blocks of each stage. */
  readonly depths: readonly number[];
  /** Whether blocks have three convolutions, of 1, 3 and 1 pixels, or two of 3. */
  readonly bottleneck: boolean;
  /** Rows of the classification head; 0 where the model has none. */
  readonly classes: number;
}

const size = z.int().min(1).max(limits.MAX_ADAPTER_SIZE.value);
const perStage = (each: z.ZodNumber) => z.array(each).min(1).max(limits.MAX_STAGES.value);

/** A configuration as an adapter's file holds it. */
export const resNetConfigSchema = z.object({
  family: z.literal("resnet"),
  imageSize: z.tuple([size, size]),
  stemWidth: size,
  widths: perStage(size),
  innerWidths: perStage(size),
  depths: perStage(z.int().min(1).max(limits.MAX_BLOCKS.value)),
  bottleneck: z.boolean(),
  classes: z.int().min(1).max(limits.MAX_CLASSES.value),
});

/** What is wrong between two fields that are fine by themselves; nothing where they fit. */
export function resNetConfigFlaw({ widths, innerWidths, depths }: ResNetConfig): string | undefined {
  for (const [name, list] of Object.entries({ widths, innerWidths }))
    if (list.length !== depths.length)
      return `${name} has ${list.length} entries for ${depths.length} stages`;
  const blocks = depths.reduce((a, b) => a + b, 0);
  return blocks > limits.MAX_BLOCKS.value
    ? `${blocks} blocks are more than ${limits.MAX_BLOCKS.value}`
    : undefined;
}
