import { describe, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import type { Step } from "../preprocessing/steps.ts";
import { parseHuggingFaceSteps, renderHuggingFaceSteps } from "./hugging-face-steps.ts";

const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;
const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
const options = { where: "P", imageSize: [224, 224] } as const;

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
        ["centerCrop", { size: [224, 224] }],
        ["normalize", imageNet],
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
        ["centerCrop", { size: [224, 224] }],
        ["normalize", imageNet],
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

  it.each<[unknown, string]>([
    [null, "P: the file holds null, which is not valid in an image processor."],
    [
      { size: { longest_edge: 5 } },
      'P: size is {"longest_edge":5}, which is not valid in an image processor.',
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

describe("renderHuggingFaceSteps", () => {
  const squash: readonly Step[] = [
    ["resize", { size: [224, 192], filter: "bicubic" }],
    ["normalize", half],
  ];
  const crop: readonly Step[] = [
    ["resizeShort", { size: 248, filter: "bilinear" }],
    ["centerCrop", { size: [224, 224] }],
    ["normalize", imageNet],
  ];

  it("says the same in Hugging Face's words", () => {
    expect(renderHuggingFaceSteps(squash)).toEqual({
      image_processor_type: "ViTImageProcessor",
      do_resize: true,
      size: { height: 224, width: 192 },
      resample: 3,
      do_convert_rgb: true,
      do_rescale: true,
      rescale_factor: 1 / 255,
      do_normalize: true,
      image_mean: half.mean,
      image_std: half.std,
      rlrr_steps: squash,
    });
    expect(renderHuggingFaceSteps(crop)).toMatchObject({
      image_processor_type: "BitImageProcessor",
      size: { shortest_edge: 248 },
      resample: 2,
      do_center_crop: true,
      crop_size: { height: 224, width: 224 },
    });
  });

  it.each([[squash], [crop]])("is read back, with our own key and without it (%#)", (steps) => {
    const { rlrr_steps: own, ...foreign } = renderHuggingFaceSteps(steps);
    expect(own).toEqual(steps);
    expect(parseHuggingFaceSteps(foreign, options)).toEqual(steps);
    expect(parseHuggingFaceSteps({ ...foreign, rlrr_steps: own }, options)).toEqual(steps);
  });

  it("keeps random steps in our own key, and gives Hugging Face their still counterparts", () => {
    const random: readonly Step[] = [
      ["resize", { size: [256, 256], filter: "bicubic" }],
      ["randomCrop", { size: [224, 224] }],
      ["randomHorizontalFlip", { probability: 0.5 }],
      ["normalize", half],
    ];
    expect(renderHuggingFaceSteps(random)).toMatchObject({
      do_center_crop: true,
      crop_size: { height: 224, width: 224 },
      rlrr_steps: random,
    });
  });
});
