/** Applies steps to one image: planned as actions once its size is known, run, then normalised. */

import { FileError } from "../errors.ts";
import { limits } from "../limits.ts";
import { type Action, applyActions, sizeAfter } from "./actions.ts";
import type { ImageSize, Random } from "./boxes.ts";
import { type Image, renderImageSize } from "./image.ts";
import { byteTable, normaliseInto } from "./normalise.ts";
import { kindOf } from "./step-kinds.ts";
import type { Step } from "./steps.ts";

const MAX_RESIZED_PIXELS = limits.MAX_RESIZED_PIXELS.value;

export interface PlanOptions {
  /** Names the image in messages. */
  readonly where?: string;
  /** Needed where a step is random. */
  readonly random?: Random;
}

const noRandom: Random = () => {
  throw new Error("internal: a random step was planned without random numbers");
};

/** The actions of `steps` on an image of this size. */
export function planSteps(
  steps: readonly Step[],
  image: ImageSize,
  { where = "The image", random = noRandom }: PlanOptions = {},
): readonly Action[] {
  const actions: Action[] = [];
  let size = image;
  for (const step of steps)
    for (const action of kindOf(step).actions(step[1], size, random)) {
      // Between its two passes a resize is never larger than before or after both: where the width grows, fewer rows come first.
      size = sizeAfter(size, action);
      if (size.width * size.height > MAX_RESIZED_PIXELS)
        throw new FileError(
          `${where} is ${renderImageSize(image)}, so ${step[0]} would make it ${renderImageSize(size)}; at most ${MAX_RESIZED_PIXELS} pixels are allowed. Crop it first.`,
        );
      actions.push(action);
    }
  return actions;
}

/** The image after all `steps`: [3, height, width]. */
export function applySteps(
  image: Image,
  steps: readonly Step[],
  options: PlanOptions = {},
): Float32Array<ArrayBuffer> {
  const ready = applyActions(image, planSteps(steps, image, options));
  const numbers = new Float32Array(3 * ready.width * ready.height);
  normaliseInto(numbers, ready, { table: byteTable(steps) });
  return numbers;
}
