import { describe, expect, it } from "vitest";
import type { Step } from "../preprocessing/steps.ts";
import { parseHuggingFaceSteps } from "./hugging-face-steps.ts";
import { renderHuggingFaceSteps } from "./render-hugging-face-steps.ts";

const half = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] } as const;
const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
const options = { where: "P" };

describe("renderHuggingFaceSteps", () => {
  const squash: readonly Step[] = [
    ["resize", { size: [224, 192], filter: "bicubic" }],
    ["normalize", half],
  ];
  const crop: readonly Step[] = [
    ["resizeShort", { size: 248, filter: "bilinear" }],
    ["centerCrop", { size: [224, 224], rounding: "down" }],
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
