/** A study as a grid: each data set with each method and recipe is a cell, and each cell a few trials. */

import { basename, resolve } from "node:path";
import { InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { type MethodRequest, methods } from "../methods/methods.ts";
import type { StepChoices } from "../preprocessing/compose-steps.ts";
import type { RecipeInput } from "../train/recipe.ts";
import { settleTraining } from "../train/settle.ts";
import { namedRecipe, type RecipePart } from "./named-recipes.ts";
import type { StudyInput } from "./study-schema.ts";

export interface DataEntry extends RecipePart {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly group: string | undefined;
}

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
  const data = nameData(study);
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
  const cells = data.flatMap((entry) =>
    rows.flatMap((row) => recipes.map((recipe) => makeCell(study, { data: entry, row, recipe }))),
  );
  const trials = cells.reduce((sum, { settings }) => sum + settings.length * tuneSeeds + seeds.length, 0);
  if (trials > limits.MAX_TRIALS.value)
    throw new InputError(`The study has ${trials} trials; at most ${limits.MAX_TRIALS.value} are run.`);
  return { data, cells, seeds, tuneSeeds: seeds.slice(0, tuneSeeds), select, reference };
}

/** A number is that many seeds, from 1 on. */
const seedsOf = (seeds: number | readonly number[]): readonly number[] => {
  const list = typeof seeds === "number" ? Array.from({ length: seeds }, (_, index) => index + 1) : seeds;
  return refuseTwice(list.map(String), "seeds") && list;
};

function refuseTwice(names: readonly string[], what: string, advice = ""): true {
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new InputError(`${what}: ${showValue(twice)} is there twice.${advice}`);
  return true;
}

/** Sets go by the last part of their paths, or by all of it where two would be called the same. */
function nameData({ data = [] }: StudyInput): readonly DataEntry[] {
  if (data.length === 0) throw new InputError((show) => `${show("data")} is missing.`);
  const entries = data.map((entry) => (typeof entry === "string" ? { path: entry } : entry));
  const short = entries.map(({ path, name }) => name ?? basename(resolve(path)));
  const named = entries.map(({ path, name, group, recipe = {}, images = {} }, index) => {
    const own = short[index] ?? path;
    const isAlone = short.indexOf(own) === short.lastIndexOf(own);
    return { name: name ?? (isAlone ? own : path), path: resolve(path), group, recipe, images };
  });
  refuseTwice(
    named.map(({ name }) => name),
    "data",
    " Give each data set a name of its own.",
  );
  return named;
}

interface MethodRow {
  readonly label: string;
  readonly where: string;
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly recipe: RecipeInput;
  readonly images: StepChoices;
  readonly tune: Lists | undefined;
  readonly tuneOptions: Lists;
}

type Lists = Readonly<Record<string, readonly unknown[]>>;

function methodRows({ methods: asked = [] }: StudyInput): readonly MethodRow[] {
  if (asked.length === 0) throw new InputError((show) => `${show("methods")} is missing.`);
  const rows = asked.map((entry, index) => {
    const {
      name,
      label = name,
      options = {},
      recipe = {},
      images = {},
      tune,
      tuneOptions = {},
    } = typeof entry === "string" ? { name: entry } : entry;
    if (!methods.some((method) => method.name === name))
      throw new InputError(
        (show) =>
          `${show("methods")}[${index}]: there is no method ${showValue(name)}. Known: ${methods.map((method) => method.name).join(", ")}.`,
      );
    return { label, where: `methods[${index}]`, name, options, recipe, images, tune, tuneOptions };
  });
  refuseTwice(
    rows.map(({ label }) => label),
    "methods",
    " Give each a label of its own.",
  );
  return rows;
}

interface RecipeRow {
  readonly label: string | undefined;
  readonly where: string;
  readonly name: string;
  readonly recipe: RecipeInput;
  readonly images: StepChoices;
}

function recipeRows({ recipes }: StudyInput): readonly RecipeRow[] {
  const rows = (recipes ?? ["default"]).map((entry, index) => {
    const {
      label,
      name = "default",
      recipe = {},
      images = {},
    } = typeof entry === "string" ? { label: entry, name: entry } : entry;
    return { label, where: `recipes[${index}]`, name, recipe, images };
  });
  refuseTwice(
    rows.map(({ label }) => label),
    "recipes",
    " Give each a label of its own.",
  );
  return rows.length > 1 ? rows : rows.map((row) => ({ ...row, label: undefined }));
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
  const parts = [named, { recipe: study.recipe, images: study.images }, chosen, data, row];
  const recipe: RecipeInput = Object.assign({}, ...parts.map((part) => part.recipe ?? {}));
  const images: StepChoices = Object.assign({}, ...parts.map((part) => part.images ?? {}));
  const { label, name, where } = row;
  refuseOwn({ ...recipe, ...row.tune, ...study.tune }, where);
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
