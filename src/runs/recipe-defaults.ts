/** What a recorded recipe means today: the defaults of options that it lacks, and which options a person is shown. */

import { isDeepStrictEqual } from "node:util";
import { parseRecipe } from "../train/recipe.ts";

/** Options of training as run.json and adapters hold them. */
export type RecordedRecipe = Readonly<Record<string, unknown>>;

/** What every run is told by, even where it is at its default. */
const always = ["name", "epochs", "batchSize", "learningRate", "seed"];

/** Every option that has an effect on the results, as an older version had it; the warmup is a share of the epochs. */
export function recipeDefaults({ epochs }: RecordedRecipe): RecordedRecipe {
  const { checkpointSeconds: _, ...defaults } = parseRecipe({ name: "official" });
  const tenth = Math.round((typeof epochs === "number" ? epochs : defaults.epochs) / 10);
  return { ...defaults, warmupEpochs: tenth };
}

/** Of what is recorded: the options that every run is told by, then all that are not at their defaults. */
export function chosenOptions(recorded: RecordedRecipe): RecordedRecipe {
  const defaults = recipeDefaults(recorded);
  const chosen = Object.keys(defaults).filter(
    (name) => !always.includes(name) && !isDeepStrictEqual(recorded[name], defaults[name]),
  );
  const shown = [...always, ...chosen].filter((name) => recorded[name] !== undefined);
  return Object.fromEntries(shown.map((name) => [name === "name" ? "recipe" : name, recorded[name]]));
}
