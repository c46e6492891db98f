/** Preprocessing: a still part, the same every epoch and so cached as bytes, then what is drawn anew, then numbers. */

import type { Image } from "./image.ts";
import { byteTable, normaliseInto } from "./normalise.ts";
import { applyActions, planSteps } from "./plan-steps.ts";
import type { Step } from "./steps.ts";

/** Cuts `steps` before the first random one; `normalize` always belongs to the rest. */
export function splitSteps(steps: readonly Step[]): {
  readonly still: readonly Step[];
  readonly rest: readonly Step[];
} {
  const cut = steps.findIndex(([name]) => name.startsWith("random") || name === "normalize");
  return { still: steps.slice(0, cut), rest: steps.slice(cut) };
}

/** The image after all `steps`: [3, height, width]. `random` is needed where a step is random. */
export function applySteps(
  image: Image,
  steps: readonly Step[],
  options: { readonly random?: () => number; readonly where?: string } = {},
): Float32Array<ArrayBuffer> {
  const ready = applyActions(image, planSteps(steps, image, options));
  const numbers = new Float32Array(3 * ready.width * ready.height);
  normaliseInto(numbers, ready, { table: byteTable(steps) });
  return numbers;
}
