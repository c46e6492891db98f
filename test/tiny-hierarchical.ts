/** Tiny networks with two stages; in the first of a Swin windows shift, the second is one window. */

import type { ConvNextConfig } from "../src/model/convnext-config.ts";
import type { ResNetConfig } from "../src/model/resnet-config.ts";
import type { SwinConfig } from "../src/model/swin-config.ts";

export const tinySwin: SwinConfig = {
  family: "swin",
  imageSize: [16, 16],
  patchSize: 2,
  width: 8,
  depths: [2, 2],
  stageHeads: [1, 2],
  windows: [4, 4],
  mlpRatio: 4,
  layerNormEps: 1e-5,
  classes: 3,
};

export const tinySwinV2: SwinConfig = { ...tinySwin, family: "swinv2", pretrainedWindows: [4, 4] };

export const tinyConvNext: ConvNextConfig = {
  family: "convnext",
  imageSize: [16, 16],
  patchSize: 2,
  widths: [8, 16],
  depths: [1, 2],
  kernelSize: 7,
  mlpRatio: 4,
  layerNormEps: 1e-6,
  lastNormEps: 1e-6,
  classes: 3,
};

export const tinyConvNextV2: ConvNextConfig = { ...tinyConvNext, family: "convnextv2" };

export const tinyResNet: ResNetConfig = {
  family: "resnet",
  imageSize: [16, 16],
  stemWidth: 4,
  widths: [8, 12],
  innerWidths: [2, 3],
  depths: [1, 2],
  bottleneck: true,
  classes: 3,
};
