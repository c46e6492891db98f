/** A study as a grid: each data set with each method and recipe is a cell, and each cell a few trials. */

import { InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import type { MethodRequest } from "../methods/methods.ts";
import type { StepChoices } from "../preprocessing/compose-steps.ts";
import { namedRecipe, replaceIn } from "../runs/named-recipes.ts";
import type { RecipeInput } from "../train/recipe.ts";
import { settleTraining } from "../train/settle.ts";
import {
  type DataEntry,
  dataRows,
  type Lists,
  type MethodRow,
  methodRows,
  type RecipeRow,
  recipeRows,
  seedsOf,
} from "./study-rows.ts";
import type { StudyInput } from "./study-schema.ts";

/** One of the settings that a cell chooses from. */
export interface Setting {
  readonly recipe: RecipeInput;
  readonly options: Readonly<Record<string, unknown>>;
}

/** A data set, a method and a recipe: a row of the table. */
export interface Cell {
  readonly data: DataEntry;
  readonly method: { readonly label: string; readonly name: string };
  /** The recipe's label; undefined where the study has only one. */
  readonly recipe: string | undefined;
  readonly images: StepChoices;
  /** More than one where something is chosen on validation images. */
  readonly settings: readonly CellSetting[];
}

/** All that a trial of it is trained with, but its seed. */
export interface CellSetting {
  /** What was varied, to be shown. */
  readonly varied: Readonly<Record<string, unknown>>;
  readonly method: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  readonly recipe: RecipeInput;
}

export interface StudyPlan {
  readonly data: readonly DataEntry[];
  readonly cells: readonly Cell[];
  readonly seeds: readonly number[];
  readonly tuneSeeds: readonly number[];
  readonly select: "val" | "test";
  readonly reference: string | undefined;
}

const defaultSeeds = 3;

/** Resolves the grid; options that no method or recipe has are refused here, before anything is read. */
export function planStudy(study: StudyInput): StudyPlan {
  const data = dataRows(study);
  const rows = methodRows(study);
  const recipes = recipeRows(study);
  const seeds = seedsOf(study.seeds ?? defaultSeeds);
  const { tuneSeeds = 1, select = "val", reference } = study;
  if (tuneSeeds > seeds.length)
    throw new InputError(
      (show) =>
        `${show("tuneSeeds")} must be at most the ${seeds.length} seeds of the study, got ${tuneSeeds}.`,
    );
  if (reference !== undefined && !rows.some(({ label }) => label === reference))
    throw new InputError(
      (show) =>
        `${show("reference")} must be one of the methods (${rows.map(({ label }) => label).join(", ")}), got ${showValue(reference)}.`,
    );
  refuseMany(study, { rows, rowsOfOthers: data.length * recipes.length, seeds: seeds.length, tuneSeeds });
  const cells = data.flatMap((entry) =>
    rows.flatMap((row) => recipes.map((recipe) => makeCell(study, { data: entry, row, recipe }))),
  );
  return { data, cells, seeds, tuneSeeds: seeds.slice(0, tuneSeeds), select, reference };
}

/** Counted before any of them is made: a few lists multiply to more than fits anywhere. */
function refuseMany(
  study: StudyInput,
  {
    rows,
    rowsOfOthers,
    seeds,
    tuneSeeds,
  }: {
    readonly rows: readonly MethodRow[];
    readonly rowsOfOthers: number;
    readonly seeds: number;
    readonly tuneSeeds: number;
  },
): void {
  const sizeOf = (lists: Lists) => Object.values(lists).reduce((size, { length }) => size * length, 1);
  const trials = rows.reduce((sum, { tune = study.tune ?? {}, tuneOptions }) => {
    const settings = sizeOf(tune) * sizeOf(tuneOptions);
    return sum + rowsOfOthers * (settings * tuneSeeds + seeds);
  }, 0);
  if (trials > limits.MAX_TRIALS.value)
    throw new InputError(
      `The study has up to ${trials.toLocaleString("en")} trials; at most ${limits.MAX_TRIALS.value.toLocaleString("en")} are run.`,
    );
}

/** What is said more closely wins: the study, its recipe, the data set, the method, and last what is varied. */
function makeCell(
  study: StudyInput,
  {
    data,
    row,
    recipe: chosen,
  }: { readonly data: DataEntry; readonly row: MethodRow; readonly recipe: RecipeRow },
): Cell {
  const named = namedRecipe(chosen.name, { data: data.name, where: chosen.where });
  const parts = [{ recipe: study.recipe, images: study.images }, chosen, data, row];
  const said = replaceIn(named.recipe, Object.assign({}, ...parts.map((part) => part.recipe ?? {})));
  const images: StepChoices = Object.assign({}, named.images, ...parts.map((part) => part.images ?? {}));
  const { label, name, where } = row;
  refuseOwn({ ...said, ...row.tune, ...study.tune }, where);
  // The study's epochs are not for a method that is a probe: steps would take it away from the best head.
  const isProbe = row.recipe?.epochs === undefined && isLeftAtProbe(name, { recipe: said, where });
  const recipe = isProbe ? { ...said, epochs: 0 } : said;
  const settle = (setting: Setting) => {
    const request: MethodRequest = { name, options: { ...row.options, ...setting.options } };
    return explained(where, () =>
      settleTraining({ method: request, recipe: { ...recipe, ...setting.recipe } }),
    );
  };
  const trains = settle({ recipe: {}, options: {} }).recipe.epochs > 0;
  // A linear probe has nothing to vary: its penalty is chosen by itself.
  const tuned = trains ? gridOf(row.tune ?? study.tune ?? {}) : [{}];
  const settings = tuned.flatMap((own) =>
    gridOf(row.tuneOptions).map((options) => {
      settle({ recipe: own, options });
      const method = { name, options: { ...row.options, ...options } };
      return { varied: { ...own, ...options }, method, recipe: { ...recipe, ...own } };
    }),
  );
  return { data, method: { label, name }, recipe: chosen.label, images, settings };
}

/** Whether the default recipe trains the method no further than the probe that it starts from. */
function isLeftAtProbe(
  name: string,
  { recipe, where }: { readonly recipe: RecipeInput; readonly where: string },
): boolean {
  const { epochs: _, ...rest } = recipe;
  const settled = explained(where, () => settleTraining({ method: { name }, recipe: rest })).recipe;
  return settled.start === "probe" && settled.epochs === 0;
}

/** What a study decides for all trials, so that they can be compared. */
const decided: Readonly<Record<string, string>> = {
  seed: "seeds says which seeds are trained with",
  select: "select says what numbers are read at",
  folds: "validation images are the same for all",
  patience: "every trial trains all of its epochs",
};

function refuseOwn(recipe: object, where: string): void {
  const own = Object.keys(recipe).find((option) => Object.hasOwn(decided, option));
  if (own !== undefined)
    throw new InputError(
      `${where}: recipe option ${own} is not for single trials: of a study, ${decided[own]}.`,
    );
}

/** An error of an option, with the entry that it is of. */
function explained<T>(where: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError((show) => `${where}: ${error.messageWith(show)}`, { cause: error });
  }
}

/** Every combination of the lists' values, the last list's changing first. */
const gridOf = (lists: Lists): readonly Readonly<Record<string, unknown>>[] =>
  Object.entries(lists).reduce<readonly Readonly<Record<string, unknown>>[]>(
    (grid, [key, values]) => grid.flatMap((point) => values.map((value) => ({ ...point, [key]: value }))),
    [{}],
  );
