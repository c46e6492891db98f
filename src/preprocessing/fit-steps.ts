/** Preprocessing for another image size: every size in it grows or shrinks in proportion. */

import { outputSize } from "./output-size.ts";
import type { Step } from "./steps.ts";

type Size = readonly [height: number, width: number];

/** `steps`, made to end in images of `size`; 248 and a crop of 224 become 425 and a crop of 384. */
export function fitSteps(steps: readonly Step[], size: Size): readonly Step[] {
  const [height, width] = outputSize(steps);
  if (height === size[0] && width === size[1]) return steps;
  const vertical = size[0] / height;
  const horizontal = size[1] / width;
  const scale = (old: Size): Size => [Math.round(old[0] * vertical), Math.round(old[1] * horizontal)];
  return steps.map((step): Step => {
    switch (step[0]) {
      case "resize":
        return ["resize", { ...step[1], size: scale(step[1].size) }];
      case "resizeShort":
        return [
          "resizeShort",
          { ...step[1], size: Math.round(step[1].size * Math.max(vertical, horizontal)) },
        ];
      case "centerCrop":
        return ["centerCrop", { size: scale(step[1].size) }];
      case "randomCrop":
        return ["randomCrop", { size: scale(step[1].size) }];
      case "randomResizedCrop":
        return ["randomResizedCrop", { ...step[1], size: scale(step[1].size) }];
      default:
        return step;
    }
  });
}
