/** The published sizes of plain Vision Transformers, one row each. */

import { InputError } from "../errors.ts";
import type { VitConfig } from "./vit.ts";

type Sizes = Pick<VitConfig, "width" | "depth" | "heads" | "mlpWidth">;

// Ti and S: Touvron et al. 2021 (DeiT), table 1. B, L and H: Dosovitskiy et al. 2021, table 1.
const sizes = {
  ti: { width: 192, depth: 12, heads: 3, mlpWidth: 768 },
  s: { width: 384, depth: 12, heads: 6, mlpWidth: 1536 },
  b: { width: 768, depth: 12, heads: 12, mlpWidth: 3072 },
  l: { width: 1024, depth: 24, heads: 16, mlpWidth: 4096 },
  h: { width: 1280, depth: 32, heads: 16, mlpWidth: 5120 },
} as const satisfies Record<string, Sizes>;

const variant = (size: Sizes, patchSize: number): VitConfig => ({
  imageSize: [224, 224],
  patchSize,
  ...size,
  layerNormEps: 1e-6,
  classes: 0,
});

/** Every size that can be named instead of a file, at 224 pixels and without a head. */
export const vitVariants = {
  "vit-ti16": variant(sizes.ti, 16),
  "vit-s16": variant(sizes.s, 16),
  "vit-s32": variant(sizes.s, 32),
  "vit-b8": variant(sizes.b, 8),
  "vit-b16": variant(sizes.b, 16),
  "vit-b32": variant(sizes.b, 32),
  "vit-l16": variant(sizes.l, 16),
  "vit-l32": variant(sizes.l, 32),
  "vit-h14": variant(sizes.h, 14),
} as const satisfies Record<string, VitConfig>;

export type VitVariantName = keyof typeof vitVariants;

/** Of so400m, giant and gigantic, whose heads are wider: Alabdulmohsin et al. 2023 and Zhai et al. 2022, table 2. */
const headsOfWidth: ReadonlyMap<number, number> = new Map([
  [1152, 16],
  [1408, 16],
  [1664, 16],
]);

/**
 * Heads of a ViT of `width`, where nothing says: the published size of that width, else 64 columns per head.
 * `where` names the weights in the message.
 */
export function inferHeads(width: number, where: string): number {
  const published =
    Object.values(sizes).find((size) => size.width === width)?.heads ?? headsOfWidth.get(width);
  if (published !== undefined) return published;
  if (width % 64 === 0) return width / 64;
  throw new InputError(
    (show) =>
      `${where}: width ${width} is not a multiple of 64, so the number of heads cannot be inferred. Give it as ${show("heads")}.`,
  );
}
