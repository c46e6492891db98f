/** Whether consistency noise would act anywhere in a model, which is known before anything runs. */

import { InputError } from "../errors.ts";
import { input } from "../graph/value.ts";
import { trainingLayers } from "../methods/adapted-layers.ts";
import type { Adaptation, Trainable } from "../methods/method.ts";
import type { Backbone } from "../model/backbone.ts";
import { needed } from "../needed.ts";
import type { Recipe } from "./recipe.ts";
import { inputsFor } from "./train-graph.ts";

interface Parts {
  readonly adaptation: Adaptation;
  readonly backbone: Backbone;
  readonly trainables: readonly Trainable[];
}

/** With no noise both passes are the same, and their difference costs time for nothing. */
export function checkConsistency({ consistency }: Recipe, parts: Parts): void {
  if (consistency === 0) return;
  if (parts.trainables.every(({ name }) => name.startsWith("head.")))
    throw new InputError(
      (show) =>
        `${show("consistency")} acts on what a method adds to the backbone, and this method trains the head alone. Choose another method.`,
    );
  if (!takesNoise(parts))
    throw new InputError(
      (show) =>
        `${show("consistency")} acts on matrices, branches and tokens, and this method changes none of them. Choose another method or other sites.`,
    );
}

/** Builds the forward pass once, for the questions that it asks. */
function takesNoise({ adaptation, backbone, trainables }: Parts): boolean {
  let asked = false;
  const noise = () => {
    asked = true;
    return undefined;
  };
  const frozen = (name: string) => input(name, needed(backbone.shapes.get(name), name));
  const layers = trainingLayers({ frozen, trained: inputsFor(trainables), adaptation, noise });
  backbone.forward(input("images", [1, 3, ...backbone.imageSize]), layers);
  return asked;
}
