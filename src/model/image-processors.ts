/** transformers' image processors that prepare images for classification: what each does, and its own value of every field. */

import type { Triple } from "./channel-values.ts";

const half: Triple = [0.5, 0.5, 0.5];
const colours = {
  half: { mean: half, std: half },
  imageNet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
  clip: {
    mean: [0.48145466, 0.4578275, 0.40821073],
    std: [0.26862954, 0.26130258, 0.27577711],
  },
} as const satisfies Record<string, { readonly mean: Triple; readonly std: Triple }>;

export interface ImageProcessor {
  /** Its size where the file has none: both sides, or the shorter. */
  readonly size: number;
  /** What a size that is one number means: the shorter side, the aspect ratio kept, or both sides. */
  readonly short?: true;
  /** Pillow's number of the filter. */
  readonly resample: number;
  /** The crop's sides where the file has none. */
  readonly crop?: number;
  /** Whether it crops where the file does not say. */
  readonly crops?: true;
  readonly mean: Triple;
  readonly std: Triple;
  /** The share of the resized image that it keeps, where the file has no `crop_pct`; others do not read that field. */
  readonly share?: number;
  /** What else it does, and no other. */
  readonly special?: "convnext" | "levit" | "efficientnet";
}

const bicubic = { resample: 3 } as const;
const bilinear = { resample: 2 } as const;
const square = { size: 224, ...bicubic, ...colours.half } as const;
const shortSide = { size: 224, short: true, crop: 224, crops: true } as const;
const clip = { ...shortSide, ...bicubic, ...colours.clip } as const;

// Read from transformers 5.24, parity/make_processor_golden.py.
const processors: Readonly<Record<string, ImageProcessor>> = {
  ViT: { size: 224, ...bilinear, ...colours.half },
  DeiT: { size: 256, crop: 224, crops: true, ...bicubic, ...colours.half },
  Beit: { ...square, crop: 224 },
  Siglip: square,
  // It resizes numbers that are no bytes, so that its pixels differ from ours by less than one level.
  DINOv3ViT: { size: 224, ...bilinear, ...colours.imageNet },
  Pvt: { ...square, ...colours.imageNet },
  Blip: { ...square, size: 384, ...colours.clip },
  Bit: clip,
  CLIP: clip,
  ChineseCLIP: clip,
  Levit: { ...shortSide, ...bicubic, ...colours.imageNet, special: "levit" },
  PoolFormer: { ...shortSide, ...bicubic, ...colours.imageNet, share: 0.9 },
  MobileNetV1: { ...shortSide, size: 256, ...bilinear, ...colours.half },
  MobileNetV2: { ...shortSide, size: 256, ...bilinear, ...colours.half },
  ConvNext: { size: 384, short: true, ...bicubic, ...colours.half, share: 0.875, special: "convnext" },
  EfficientNet: { ...square, size: 346, crop: 289, special: "efficientnet" },
};

export const processorNames: readonly string[] = Object.keys(processors).map(
  (name) => `${name}ImageProcessor`,
);

/** The processor of a class's name, in any of the spellings that versions of transformers use. */
export function imageProcessor(name: string): ImageProcessor | undefined {
  const base = name.replace(/(ImageProcessor(Fast|Pil)?|FeatureExtractor)$/, "");
  return Object.hasOwn(processors, base) ? processors[base] : undefined;
}
