/** The data sets, methods, recipes and seeds of a study, each with a name of its own. */

import { basename, resolve } from "node:path";
import { InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { methods } from "../methods/methods.ts";
import type { StepChoices } from "../preprocessing/compose-steps.ts";
import type { RecipePart } from "../runs/named-recipes.ts";
import type { RecipeInput } from "../train/recipe.ts";
import type { StudyInput } from "./study-schema.ts";

export interface DataEntry extends RecipePart {
  readonly name: string;
  /** Absolute. */
  readonly path: string;
  readonly group: string | undefined;
}

/** A number is that many seeds, from 1 on. */
export const seedsOf = (seeds: number | readonly number[]): readonly number[] => {
  const list = typeof seeds === "number" ? Array.from({ length: seeds }, (_, index) => index + 1) : seeds;
  return refuseTwice(list.map(String), "seeds") && list;
};

function refuseTwice(names: readonly string[], what: string, advice = ""): true {
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new InputError(`${what}: ${showValue(twice)} is there twice.${advice}`);
  return true;
}

/** Sets go by the last part of their paths, or by all of it where two would be called the same. */
export function dataRows({ data = [] }: StudyInput): readonly DataEntry[] {
  if (data.length === 0)
    throw new InputError(
      (show) =>
        `${show("data")} is missing. What is given here says the whole study; an earlier one goes on by ${show("out")} alone.`,
    );
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

export interface MethodRow {
  readonly label: string;
  readonly where: string;
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly recipe: RecipeInput;
  readonly images: StepChoices;
  readonly tune: Lists | undefined;
  readonly tuneOptions: Lists;
}

export type Lists = Readonly<Record<string, readonly unknown[]>>;

export function methodRows({ methods: asked = [] }: StudyInput): readonly MethodRow[] {
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

export interface RecipeRow {
  readonly label: string | undefined;
  readonly where: string;
  readonly name: string;
  readonly recipe: RecipeInput;
  readonly images: StepChoices;
}

export function recipeRows({ recipes }: StudyInput): readonly RecipeRow[] {
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
