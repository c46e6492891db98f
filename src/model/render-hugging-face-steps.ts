/** Steps as Hugging Face's preprocessor_config.json: what its processors can express, and the steps themselves. */

import { evaluationSteps } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import { pillowFilters as filters } from "./hugging-face-steps.ts";

/** preprocessor_config.json for `steps`: what Hugging Face's processors can express, and the steps themselves. */
export function renderHuggingFaceSteps(steps: readonly Step[]): Readonly<Record<string, unknown>> {
  let fields: Record<string, unknown> = { image_processor_type: "ViTImageProcessor", do_resize: false };
  for (const [name, options] of evaluationSteps(steps)) {
    if (name === "resize" || name === "resizeFit") {
      // No processor can fit; to squash is the nearest, and `rlrr_steps` says what is right.
      const [height, width] = options.size;
      fields = {
        ...fields,
        do_resize: true,
        size: { height, width },
        resample: filters.indexOf(options.filter),
      };
    } else if (name === "resizeShort") {
      const resample = filters.indexOf(options.filter);
      fields = { ...fields, do_resize: true, size: { shortest_edge: options.size }, resample };
    } else if (name === "centerCrop") {
      // Of the processors that every version of transformers has, this one crops.
      const [height, width] = options.size;
      fields = {
        ...fields,
        image_processor_type: "BitImageProcessor",
        do_center_crop: true,
        crop_size: { height, width },
      };
    } else if (name === "normalize")
      fields = { ...fields, do_normalize: true, image_mean: options.mean, image_std: options.std };
    else throw new Error(`internal: evaluation does not know ${name}`);
  }
  return { ...fields, do_convert_rgb: true, do_rescale: true, rescale_factor: 1 / 255, rlrr_steps: steps };
}
