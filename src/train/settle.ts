/** Resolves the requested method and recipe together, as each has defaults that depend on the other. */

import { type ChosenMethod, chooseMethod, defaultMethod, type MethodRequest } from "../methods/methods.ts";
import { type DataFacts, defaultRecipe } from "./default-recipe.ts";
import { parseRecipe, type Recipe, type RecipeInput } from "./recipe.ts";

export interface Settled {
  readonly chosen: ChosenMethod;
  readonly recipe: Recipe;
  /** What the default recipe chose and why; empty where everything was given. */
  readonly reasons: readonly string[];
}

/**
 * Options that are not given follow from the recipe's name, the method, and for the default recipe the data, where it is
 * known by then. A probe, and the model's own head, are for the pre-trained features, so the method then starts exactly at the
 * pre-trained model where it can, unless its options say otherwise.
 */
export function settleTraining({
  method: { name, options } = { name: defaultMethod },
  recipe: asked = {},
  data = { labels: [], valExamples: 0 },
}: {
  readonly method?: MethodRequest | undefined;
  readonly recipe?: RecipeInput | undefined;
  readonly data?: DataFacts;
}): Settled {
  const chosen = chooseMethod({ name, options }, "method");
  const { method } = chosen;
  const { learningRate, blend } = method;
  const { options: defaults, reasons } =
    asked?.name === "official"
      ? { options: { learningRate, ...(blend !== undefined && { blend }) }, reasons: [] }
      : defaultRecipe(data, { method, asked });
  const recipe = parseRecipe(asked, defaults);
  if (recipe.start === "zero" || !method.identity) return { chosen, recipe, reasons };
  const given = (options ?? {}) as Readonly<Record<string, unknown>>;
  const identity = chooseMethod({ name, options: { ...method.identity, ...given } }, "method");
  return { chosen: identity, recipe, reasons };
}
