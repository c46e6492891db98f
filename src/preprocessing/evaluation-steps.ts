/** Evaluation is still: each random step has a counterpart that draws nothing. */

import { MAX_SIDE } from "./parse-steps.ts";
import type { Step } from "./steps.ts";

/** The share of the resized image that a centre crop keeps where training crops at random; 224 of 256. */
const CROP_SHARE = 0.875;

function stillCounterpart(step: Step): readonly Step[] {
  switch (step[0]) {
    case "randomCrop":
      return [["centerCrop", { size: step[1].size }]];
    case "randomResizedCrop": {
      const { size, filter } = step[1];
      const short = Math.min(MAX_SIDE, Math.round(Math.max(...size) / CROP_SHARE));
      return [
        ["resizeShort", { size: short, filter }],
        ["centerCrop", { size }],
      ];
    }
    case "randomHorizontalFlip":
      return [];
    default:
      return [step];
  }
}

/** The steps for evaluation: crops in the centre, no flips, everything else as in training. */
export const evaluationSteps = (steps: readonly Step[]): readonly Step[] => steps.flatMap(stillCounterpart);
