/** The configuration of a Vision Transformer: its sizes, and in what it differs from the plain one. */

import { z } from "zod";
import { limits } from "../limits.ts";
import { type ActivationName, activationNames } from "./activations.ts";
import { type RotaryName, rotaryNames } from "./rotary.ts";

/** What the feature is made of: tokens of the last block, or what attention gathers of them. */
export const poolNames = ["cls", "mean", "cls+mean", "cls+distillation", "attention"] as const;
export type PoolName = (typeof poolNames)[number];

/** In what one differs from the plain ViT, which has none of these. */
export interface VitVariations {
  /** No CLS token. */
  readonly classToken?: false | undefined;
  /** A second token behind CLS, which a teacher taught. */
  readonly distillation?: true | undefined;
  /** How many learned tokens without positions stand behind CLS. */
  readonly registers?: number | undefined;
  /** No position embedding. */
  readonly absolutePositions?: false | undefined;
  /** Whose rotary positions queries and keys have. */
  readonly rotary?: RotaryName | undefined;
  /** A bias for each distance of two patches in every block's attention. */
  readonly relativeBias?: true | undefined;
  /** A norm before the blocks. */
  readonly embeddingNorm?: true | undefined;
  /** Exact GELU where it is not said. */
  readonly activation?: ActivationName | undefined;
  /** An MLP whose hidden values are activation(gate) ⊙ fc1. */
  readonly gated?: true | undefined;
  /** A norm of the MLP's hidden values. */
  readonly mlpNorm?: true | undefined;
  /** CLS where it is not said. */
  readonly pool?: PoolName | undefined;
  /** Where the final norm is, if not before pooling. */
  readonly finalNorm?: "pooled" | "none" | undefined;
  /** Columns of the space of images and texts that the feature is projected to. */
  readonly projection?: number | undefined;
  /** The feature is made of length 1, as CLIP's is beside texts. */
  readonly unitFeature?: true | undefined;
}

/** Sizes of a ViT, which has a CLS token, pre-norm blocks, exact GELU and a final norm unless a variation says otherwise. */
export interface VitConfig extends VitVariations {
  readonly family?: "vit" | undefined;
  /** Height and width of the input in pixels. */
  readonly imageSize: readonly [height: number, width: number];
  readonly patchSize: number;
  /** D: the width of a token. */
  readonly width: number;
  /** L: the number of blocks. */
  readonly depth: number;
  readonly heads: number;
  readonly mlpWidth: number;
  readonly layerNormEps: number;
  /** Rows of the classification head; 0 where the model has none. */
  readonly classes: number;
}

const size = z.int().min(1).max(limits.MAX_ADAPTER_SIZE.value);

/** A configuration as an adapter's file holds it. */
export const vitConfigSchema = z.object({
  family: z.literal("vit").optional(),
  imageSize: z.tuple([size, size]),
  patchSize: size,
  width: size,
  depth: z.int().min(1).max(limits.MAX_BLOCKS.value),
  heads: size,
  mlpWidth: size,
  layerNormEps: z.number().gt(0).lt(1),
  classes: z.int().min(1).max(limits.MAX_CLASSES.value),
  classToken: z.literal(false).optional(),
  distillation: z.literal(true).optional(),
  registers: size.optional(),
  absolutePositions: z.literal(false).optional(),
  rotary: z.enum(rotaryNames).optional(),
  relativeBias: z.literal(true).optional(),
  embeddingNorm: z.literal(true).optional(),
  activation: z.enum(activationNames).optional(),
  gated: z.literal(true).optional(),
  mlpNorm: z.literal(true).optional(),
  pool: z.enum(poolNames).optional(),
  finalNorm: z.enum(["pooled", "none"]).optional(),
  projection: size.optional(),
  unitFeature: z.literal(true).optional(),
});

/** Fields that weights do not show, so that an adapter has its own. */
export const unseenFields = [
  ...["layerNormEps", "activation", "rotary", "pool", "finalNorm", "unitFeature"],
] as const satisfies readonly (keyof VitConfig)[];

/** What is wrong between two fields that are fine by themselves; nothing where they fit. */
export function vitConfigFlaw(config: VitConfig): string | undefined {
  const { imageSize, patchSize, width, heads, pool = "cls", distillation, classToken, relativeBias } = config;
  if (width % heads !== 0) return `${heads} heads cannot share a width of ${width}`;
  if (imageSize.some((side) => side % patchSize !== 0))
    return `images of ${imageSize.join(" x ")} pixels are not whole patches of ${patchSize}`;
  if (classToken === false && !["mean", "attention"].includes(pool))
    return `pool is ${pool} without a CLS token`;
  if (classToken === false && (distillation || relativeBias))
    return `${distillation ? "a distillation token" : "relative position bias"} needs a CLS token`;
  if (pool === "cls+distillation" && !distillation) return `pool is ${pool} without a distillation token`;
  if (config.rotary && (width / heads) % 4 !== 0)
    return `rotary positions need heads of a multiple of 4 columns, not ${width / heads}`;
  return undefined;
}

/** Rows and columns of patches. */
export const patchGrid = ({
  imageSize: [height, width],
  patchSize,
}: VitConfig): readonly [number, number] => [height / patchSize, width / patchSize];

/** Tokens that have rows of the position embedding before the patches: CLS and distillation. */
export const leadingTokens = ({ classToken, distillation }: VitVariations): number =>
  (classToken === false ? 0 : 1) + (distillation ? 1 : 0);

/** What pooling makes: one token or two. */
export const pooledWidth = ({ pool, width }: VitConfig): number => (pool?.startsWith("cls+") ? 2 : 1) * width;
