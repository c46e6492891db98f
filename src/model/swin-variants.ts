/** The published sizes of Swin and SwinV2, one row each. */

import type { SwinConfig } from "./swin-config.ts";

type Sizes = Pick<SwinConfig, "width" | "depths" | "stageHeads">;

// Liu et al. 2021, sec. 3.3; heads are 32 columns wide.
const sizes = {
  t: { width: 96, depths: [2, 2, 6, 2], stageHeads: [3, 6, 12, 24] },
  s: { width: 96, depths: [2, 2, 18, 2], stageHeads: [3, 6, 12, 24] },
  b: { width: 128, depths: [2, 2, 18, 2], stageHeads: [4, 8, 16, 32] },
  l: { width: 192, depths: [2, 2, 18, 2], stageHeads: [6, 12, 24, 48] },
} as const satisfies Record<string, Sizes>;

const common = { patchSize: 4, mlpRatio: 4, layerNormEps: 1e-5, classes: 0 } as const;

const first = (size: Sizes): SwinConfig => ({
  ...{ family: "swin", imageSize: [224, 224], ...size, windows: [7, 7, 7, 7], ...common },
});

/** Liu et al. 2022, table 1: pre-trained with windows of 8 on 256 pixels, where the last stage is one window. */
const second = (size: Sizes): SwinConfig => ({
  ...{ family: "swinv2", imageSize: [256, 256], ...size, windows: [8, 8, 8, 8], ...common },
  pretrainedWindows: [8, 8, 8, 8],
});

/** Every size that can be named instead of a file, without a head. */
export const swinVariants = {
  ...{
    "swin-t": first(sizes.t),
    "swin-s": first(sizes.s),
    "swin-b": first(sizes.b),
    "swin-l": first(sizes.l),
  },
} as const satisfies Record<string, SwinConfig>;

export const swinV2Variants = {
  ...{ "swinv2-t": second(sizes.t), "swinv2-s": second(sizes.s), "swinv2-b": second(sizes.b) },
} as const satisfies Record<string, SwinConfig>;
