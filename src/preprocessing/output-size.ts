/** The size that a list of steps gives every image, read from the steps alone. */

import { InputError } from "../errors.ts";
import type { Step } from "./steps.ts";

type Size = readonly [height: number, width: number];

/** `[height, width]` after all steps, or undefined where it depends on the image. */
export function fixedSize(steps: readonly Step[]): Size | undefined {
  let size: Size | undefined;
  for (const [name, options] of steps) {
    if (name === "resizeShort") size = undefined;
    else if (name !== "randomHorizontalFlip" && name !== "normalize") size = options.size;
  }
  return size;
}

/** `[height, width]` of every image after `steps`. */
export function outputSize(steps: readonly Step[]): Size {
  const size = fixedSize(steps);
  if (size === undefined)
    throw new InputError(
      "Preprocessing leaves the size to the image; a resize or a crop to a fixed size is needed.",
    );
  return size;
}
