/** Describes preprocessing in words, for reports. */

import { unreachable } from "../errors.ts";
import type { Step } from "./steps.ts";

/** One phrase per step, such as "resized to 224 × 224 pixels (bicubic, aspect ratio not kept)". Sizes are width first. */
export const describeSteps = (steps: readonly Step[]): string =>
  steps.length === 0 ? "none" : steps.map(describeStep).join("; ");

function describeStep(step: Step): string {
  const [name, options] = step;
  switch (name) {
    case "resize":
      return `resized to ${pixels(options.size)} (${options.filter}, aspect ratio not kept)`;
    case "resizeShort":
      return `shorter side resized to ${options.size} pixels (${options.filter}, aspect ratio kept)`;
    case "resizeFit":
      return `resized to ${options.fit === "cover" ? "cover" : "fit into"} ${pixels(options.size)} (${options.filter}, aspect ratio kept)`;
    case "centerCrop":
      return `cropped to the ${pixels(options.size)} at the center${options.fill ? `, filled up with the colour ${channels(options.fill)}` : ""}`;
    case "randomCrop":
      return `cropped to ${pixels(options.size)} at random (at the center when evaluated)`;
    case "randomResizedCrop":
      return `a random ${percent(options.scale)} of the area at aspect ratios of ${options.ratio.map((ratio) => Number(ratio.toFixed(2))).join(" to ")}, resized to ${pixels(options.size)} (${options.filter})`;
    case "randomHorizontalFlip":
      return `${100 * options.probability} % flipped left to right`;
    case "randomAugment":
      return `RandAugment of magnitude ${options.magnitude} ± ${options.magnitudeStd}`;
    case "normalize":
      return `colours scaled to 0–1, minus the mean ${channels(options.mean)}, divided by the std ${channels(options.std)}`;
    default:
      return unreachable(name);
  }
}

const pixels = ([height, width]: readonly [number, number]): string => `${width} × ${height} pixels`;
const percent = (range: readonly [number, number]): string =>
  `${range.map((share) => Math.round(100 * share)).join(" to ")} %`;
/** Once where red, green and blue agree. */
const channels = (values: readonly number[]): string =>
  new Set(values).size === 1 ? String(values[0]) : `(${values.join(", ")})`;
