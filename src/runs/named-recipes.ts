/** Recipes by name: default, official, and the official scripts' with their options for each data set. */

import { InputError } from "../errors.ts";
import type { StepChoices } from "../preprocessing/compose-steps.ts";
import type { RecipeInput } from "../train/recipe.ts";
import { type BenchmarkSet, fgvcSets, vtabSets } from "./benchmarks.ts";

/** Options of training and of images that belong together. */
export interface RecipePart {
  readonly recipe: RecipeInput;
  readonly images: StepChoices;
}

interface NamedRecipe extends RecipePart {
  /** By the name of the data set; absent where all are trained alike. */
  readonly perData?: ReadonlyMap<string, RecipePart>;
}

const common: RecipeInput = { name: "official", batchSize: 32, schedule: "cosine", scheduleUnit: "epoch" };
const fgvcImages: StepChoices = {
  ...{ resize: "squash", interpolation: "bilinear", crop: "random", normalize: "half" },
};
/** `CosineAnnealingWarmRestarts`: down to nothing, and no warm-up. */
const restarts = { schedule: "cosine-restarts", warmupEpochs: 0, minLearningRate: 0 } as const;

const partOf = ({ learningRate, weightDecay, dropout, flip, restarting }: BenchmarkSet): RecipePart => ({
  recipe: {
    ...{ learningRate, weightDecay, dropout },
    ...(restarting && { ...restarts, restartEpochs: 5, restartFactor: 1, epochs: 60 }),
  },
  images: flip ? { flip } : {},
});
const byFolder = (sets: readonly BenchmarkSet[]): ReadonlyMap<string, RecipePart> =>
  new Map(sets.map((set) => [set.folder, partOf(set)]));

/** docs/recipe.md names the quirks of the official scripts that these follow, and those that they leave out. */
const named: Readonly<Record<string, NamedRecipe>> = {
  default: { recipe: { name: "default" }, images: {} },
  official: { recipe: { name: "official" }, images: {} },
  "official-vtab": {
    recipe: { ...common, epochs: 100, warmupEpochs: 10 },
    images: { resize: "squash", interpolation: "bicubic", crop: "none", normalize: "half" },
    perData: byFolder(vtabSets),
  },
  "official-fgvc": {
    recipe: { ...common, epochs: 50, warmupEpochs: 10 },
    images: fgvcImages,
    perData: byFolder(fgvcSets),
  },
  "official-fgvc-aug": {
    recipe: {
      ...{ ...common, ...restarts, epochs: 110, restartEpochs: 10, restartFactor: 2 },
      ...{ mixup: 0.8, cutmix: 1, labelSmoothing: 0.1, emaDecay: 0.9998 },
    },
    images: fgvcImages,
    // All of its sets have one schedule.
    perData: byFolder(fgvcSets.map((set) => ({ ...set, restarting: false }))),
  },
};

export const recipeNames: readonly string[] = Object.keys(named);

/** Options take the place of a named recipe's; where they bring another schedule, its restarts go with its own. */
export function replaceIn(named: RecipeInput, given: RecipeInput): RecipeInput {
  const { restartEpochs: _, restartFactor: __, ...others } = named;
  const keeps = given.schedule === undefined || given.schedule === named.schedule;
  return { ...(keeps ? named : others), ...given };
}

/** What a named recipe says for a data set. */
export function namedRecipe(
  name: string,
  { data, where }: { readonly data: string; readonly where: string },
): RecipePart {
  const found = Object.hasOwn(named, name) ? named[name] : undefined;
  if (!found)
    throw new InputError(`${where}: there is no recipe "${name}". Known: ${recipeNames.join(", ")}.`);
  if (!found.perData) return found;
  const own = found.perData.get(data);
  if (!own)
    throw new InputError(
      `${where}: recipe ${name} has options for each data set of its benchmark, and "${data}" is none of them. Known: ${[...found.perData.keys()].join(", ")}. Name the data set so, or choose another recipe.`,
    );
  return { recipe: { ...found.recipe, ...own.recipe }, images: { ...found.images, ...own.images } };
}
