/** How a run prepares its images: crops for training by the default recipe, and what validation and predictions see. */

import { isDeepStrictEqual } from "node:util";
import type { MethodRequest } from "../methods/methods.ts";
import type { Model } from "../model/model.ts";
import { composeSteps, type StepChoices } from "../preprocessing/compose-steps.ts";
import { evaluationSteps, outputSize } from "../preprocessing/step-list.ts";
import type { RecipeInput } from "../train/recipe.ts";
import { settleTraining } from "../train/settle.ts";
import type { Chosen, Steps } from "./complete-options.ts";

/**
 * The default recipe trains on crops of the images: over four small sets that came to 76.0 % of test images, whole images to
 * 70.9 % (docs/recipe.md). Where only the head trains, images stay as they are.
 */
const croppedImages: StepChoices = { crop: "random-resized", cropScale: 0.3 };
export const croppedNote =
  "Recipe: trains on random crops of 30 % of an image or more, and validates whole images.";

export function imagesFor(
  { images = {} }: Chosen,
  asked: { method: MethodRequest | undefined; recipe: RecipeInput },
): StepChoices {
  const { name, epochs } = settleTraining(asked).recipe;
  return name === "default" && epochs > 0 && images.crop === undefined
    ? { ...images, ...croppedImages }
    : images;
}

/** A resumed run's own steps, unless others are asked for or the images have another size. */
export function stepsFor(
  { config: { imageSize }, preprocessing }: Model,
  { steps, images = {} }: Chosen,
  training: { readonly images: StepChoices; readonly ownSteps: Steps | undefined },
): Steps {
  if (steps && isDeepStrictEqual(outputSize(steps.preprocessing), imageSize)) return steps;
  if (training.ownSteps) return training.ownSteps;
  return {
    preprocessing: composeSteps(imageSize, preprocessing, training.images),
    evaluation: evaluationSteps(composeSteps(imageSize, preprocessing, images)),
  };
}
