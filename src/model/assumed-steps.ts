/** What is assumed about preprocessing where a model does not say. */

import type { StepChoices } from "../preprocessing/compose-steps.ts";
import type { Model } from "./model.ts";

/** A sentence for the user to see, or none; `choices` are what the user said. */
export function sayAssumedSteps(
  { id, preprocessing, config }: Pick<Model, "id" | "preprocessing" | "config">,
  { resize, crop, normalize }: StepChoices = {},
): readonly string[] {
  if (preprocessing !== undefined || ((resize ?? crop) && normalize)) return [];
  const assumed = [
    ...((resize ?? crop) ? [] : [`they are squashed to ${config.imageSize.join(" x ")} pixels`]),
    ...(normalize ? [] : ["their colours are scaled to mean 0.5 and std 0.5"]),
  ];
  return [`${id} does not say how its images are prepared: ${assumed.join(", ")}.`];
}
