/** Resolves the requested method and recipe together, as each has defaults that depend on the other. */

import { InputError } from "../errors.ts";
import type { Trainable } from "../methods/method.ts";
import { type ChosenMethod, chooseMethod, defaultMethod, type MethodRequest } from "../methods/methods.ts";
import { parseRecipe, type Recipe, type RecipeInput } from "./recipe.ts";

/**
 * The learning rate is the method's own where left out. A run that starts from a probe needs the pre-trained features, so the
 * method then starts exactly at the pre-trained model where it can, unless its options say otherwise.
 */
export function settleTraining({
  method: { name, options } = { name: defaultMethod },
  recipe: asked = {},
}: {
  readonly method?: MethodRequest | undefined;
  readonly recipe?: RecipeInput | undefined;
}): { readonly chosen: ChosenMethod; readonly recipe: Recipe } {
  const chosen = chooseMethod({ name, options }, "method");
  const recipe = parseRecipe({ ...asked, learningRate: asked.learningRate ?? chosen.method.learningRate });
  const { identity } = chosen.method;
  if (recipe.start !== "probe" || !identity) return { chosen, recipe };
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  return { chosen: chooseMethod({ name, options: { ...identity, ...given } }, "method"), recipe };
}

/** Consistency perturbs what a method adds to the backbone: with nothing added there is nothing to be consistent about. */
export function checkConsistency({ consistency }: Recipe, trainables: readonly Trainable[]): void {
  if (consistency > 0 && trainables.every(({ name }) => name.startsWith("head.")))
    throw new InputError(
      (show) =>
        `${show("consistency")} acts on what a method adds to the backbone, and this method trains the head alone. Choose another method.`,
    );
}
