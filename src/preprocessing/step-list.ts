/** Lists of steps: the default one, the size they end in, their form for evaluation and for another image size. */

import { InputError } from "../errors.ts";
import { isRandom, kindOf } from "./step-kinds.ts";
import type { Size, Step } from "./steps.ts";

/** Squash to the model's size with bicubic, then [0, 255] to [-1, 1]: what the authors' code does on VTAB-1k. */
export const defaultSteps = (size: Size): readonly Step[] => [
  ["resize", { size, filter: "bicubic" }],
  ["normalize", { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }],
];

/** `[height, width]` after all steps, or undefined where it depends on the image. */
export const fixedSize = (steps: readonly Step[]): Size | undefined =>
  steps.reduce<Size | undefined>((size, step) => kindOf(step).size(step[1], size), undefined);

/** `[height, width]` of every image after `steps`. */
export function outputSize(steps: readonly Step[]): Size {
  const size = fixedSize(steps);
  if (size === undefined)
    throw new InputError(
      "Preprocessing must give every image the same size; add a resize or a crop to a fixed size.",
    );
  return size;
}

/** The steps for evaluation, all deterministic: crops in the centre, no flips, everything else as in training. */
export const evaluationSteps = (steps: readonly Step[]): readonly Step[] =>
  steps.flatMap((step) => kindOf(step).deterministic?.(step[1]) ?? [step]);

/** `steps`, made to end in images of `size`; 248 and a crop of 224 become 425 and a crop of 384. */
export function fitSteps(steps: readonly Step[], size: Size): readonly Step[] {
  const [height, width] = outputSize(steps);
  if (height === size[0] && width === size[1]) return steps;
  const by = { vertical: size[0] / height, horizontal: size[1] / width };
  return steps.map((step) => [step[0], kindOf(step).scale(step[1], by)] as Step);
}

/**
 * Cuts `steps` before the first random one: what comes before is the same in every epoch, and so kept as bytes.
 * `normalize`, which makes numbers of bytes, always belongs to the rest.
 */
export function splitSteps(steps: readonly Step[]): {
  readonly deterministic: readonly Step[];
  readonly rest: readonly Step[];
} {
  const cut = steps.findIndex((step) => isRandom(step) || step[0] === "normalize");
  return { deterministic: steps.slice(0, cut), rest: steps.slice(cut) };
}
