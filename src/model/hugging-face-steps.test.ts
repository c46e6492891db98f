import { describe, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import type { Step } from "../preprocessing/steps.ts";
import { parseHuggingFaceSteps, sayUnreadFields } from "./hugging-face-steps.ts";

const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;
const clip = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
} as const;
const options = { where: "P" };

describe("parseHuggingFaceSteps", () => {
  it.each<[string, object, readonly Step[]]>([
    [
      "an empty file as ViTImageProcessor",
      {},
      [
        ["resize", { size: [224, 224], filter: "bilinear" }],
        ["normalize", half],
      ],
    ],
    [
      "the file of a ViT",
      {
        do_normalize: true,
        do_rescale: true,
        do_resize: true,
        image_mean: [0.5, 0.5, 0.5],
        image_std: [0.5, 0.5, 0.5],
        image_processor_type: "ViTImageProcessor",
        resample: 2,
        rescale_factor: 0.00392156862745098,
        size: { height: 224, width: 192 },
      },
      [
        ["resize", { size: [224, 192], filter: "bilinear" }],
        ["normalize", half],
      ],
    ],
    [
      "the number that older files give for a size",
      { feature_extractor_type: "ViTFeatureExtractor", size: 384, resample: 3 },
      [
        ["resize", { size: [384, 384], filter: "bicubic" }],
        ["normalize", half],
      ],
    ],
    [
      "a DeiT",
      { image_processor_type: "DeiTImageProcessor", size: { height: 256, width: 256 }, crop_size: 224 },
      [
        ["resize", { size: [256, 256], filter: "bicubic" }],
        ["centerCrop", { size: [224, 224], rounding: "down" }],
        ["normalize", half],
      ],
    ],
    [
      "a short side and a crop",
      {
        image_processor_type: "BitImageProcessor",
        size: { shortest_edge: 256 },
        crop_size: { height: 224, width: 224 },
        resample: 1,
      },
      [
        ["resizeShort", { size: 256, filter: "lanczos" }],
        ["centerCrop", { size: [224, 224], rounding: "down" }],
        ["normalize", clip],
      ],
    ],
    [
      "no normalising",
      { do_normalize: false },
      [
        ["resize", { size: [224, 224], filter: "bilinear" }],
        ["normalize", { mean: [0, 0, 0], std: [1, 1, 1] }],
      ],
    ],
    [
      // rgb - 51 over 102 is (rgb / 255 - 0.2) / 0.4
      "no rescaling",
      { do_rescale: false, image_mean: [51, 51, 51], image_std: [102, 102, 102] },
      [
        ["resize", { size: [224, 224], filter: "bilinear" }],
        ["normalize", { mean: [0.2, 0.2, 0.2], std: [0.4, 0.4, 0.4] }],
      ],
    ],
    [
      // rgb / 127.5 - 1 is (rgb / 255 - 0.5) / 0.5
      "rescaling to two",
      { rescale_factor: 1 / 127.5, image_mean: [1, 1, 1], image_std: [1, 1, 1] },
      [
        ["resize", { size: [224, 224], filter: "bilinear" }],
        ["normalize", half],
      ],
    ],
  ])("reads %s", (_, config, steps) => {
    expect(parseHuggingFaceSteps(config, options)).toEqual(steps);
  });

  it("takes one number for all channels, and padding to the size that images have", () => {
    const config = { image_mean: 0.4, image_std: 0.2, do_pad: true, pad_size: { height: 224, width: 224 } };
    expect(parseHuggingFaceSteps(config, options).at(-1)).toEqual([
      "normalize",
      { mean: [0.4, 0.4, 0.4], std: [0.2, 0.2, 0.2] },
    ]);
  });

  it("takes timm's fields from a timm model that transformers has wrapped", () => {
    const pretrained_cfg = { input_size: [3, 224, 224], crop_pct: 0.9, mean: [0.5, 0.5, 0.5] };
    expect(
      parseHuggingFaceSteps({ image_processor_type: "TimmWrapperImageProcessor", pretrained_cfg }, options),
    ).toEqual([
      ["resizeShort", { size: 248, filter: "bicubic" }],
      ["centerCrop", { size: [224, 224] }],
      ["normalize", { mean: [0.5, 0.5, 0.5], std: [0.229, 0.224, 0.225] }],
    ]);
  });

  it("says which fields the processor does not read", () => {
    const fields = { crop_pct: 0.9, rescale_offset: true, do_flip_channel_order: true };
    expect(sayUnreadFields(fields, "P")).toEqual([
      "P: crop_pct is 0.9, which ViTImageProcessor does not read.",
      "P: rescale_offset is true, which ViTImageProcessor does not read.",
      "P: do_flip_channel_order is true, which ViTImageProcessor does not read.",
    ]);
    expect(sayUnreadFields({ crop_pct: null, rescale_offset: false }, "P")).toEqual([]);
    expect(sayUnreadFields({ image_processor_type: "ConvNextImageProcessor", crop_pct: 0.9 }, "P")).toEqual(
      [],
    );
  });

  it.each<[unknown, string]>([
    [null, "P: the file holds null, which is not valid in an image processor."],
    [
      { size: { longest_edge: 5 } },
      'P: size is {"longest_edge":5}; only height with width, or shortest_edge alone, can be prepared.',
    ],
    [
      { image_processor_type: "CLIPImageProcessor", size: { shortest_edge: 224, longest_edge: 512 } },
      'P: size is {"shortest_edge":224,"longest_edge":512}; only height with width, or shortest_edge alone, can be prepared.',
    ],
    [
      { do_pad: true, pad_size: { height: 256, width: 256 } },
      'P: do_pad is true, and pad_size {"height":256,"width":256} is not the size of the images before, 224 x 224; padding cannot be prepared.',
    ],
    [
      { image_processor_type: "MobileViTImageProcessor" },
      'P: image_processor_type is "MobileViTImageProcessor"; known are ViTImageProcessor, DeiTImageProcessor, BeitImageProcessor, SiglipImageProcessor, DINOv3ViTImageProcessor, PvtImageProcessor, BlipImageProcessor, BitImageProcessor, CLIPImageProcessor, ChineseCLIPImageProcessor, LevitImageProcessor, PoolFormerImageProcessor, MobileNetV1ImageProcessor, MobileNetV2ImageProcessor, ConvNextImageProcessor, EfficientNetImageProcessor.',
    ],
    [
      { image_processor_type: "ConvNextImageProcessor", size: { height: 224, width: 224 } },
      "P: size is [224,224]; ConvNext's processor needs a shortest_edge.",
    ],
    [{ size: 1e9 }, "P: size is 1000000000, which is not valid in an image processor."],
    [{ image_mean: [1] }, "P: image_mean is [1], which is not valid in an image processor."],
    [{ rescale_factor: 0 }, "P: rescale_factor is 0, which is not valid in an image processor."],
    [
      { do_resize: false },
      "P: preprocessing must give every image the same size; add a resize or a crop to a fixed size.",
    ],
    [{ rlrr_steps: 3 }, "P: rlrr_steps: preprocessing must be a list of steps, got 3."],
  ])("refuses %o", (value, message) => {
    expect(() => parseHuggingFaceSteps(value, options)).toThrow(new FileError(message));
  });
});
