/** The data of a run, with what its recipe validates on. */

import type { Dataset } from "../datasets/dataset.ts";
import { readDataset } from "../datasets/read-dataset.ts";
import { groupCopies, splitTrainValidation } from "../datasets/split-train-validation.ts";
import type { MethodRequest } from "../methods/methods.ts";
import type { RecipeInput } from "../train/recipe.ts";
import { settleTraining } from "../train/settle.ts";
import type { Chosen } from "./complete-options.ts";
import type { RunOptions } from "./open-run.ts";
import { mayBeTrained, trainedBefore } from "./trained-before.ts";

interface TrainingData {
  readonly dataset: Dataset;
  readonly groups?: RunOptions["groups"];
}

/** With images held out, or none where the recipe cross-validates or keeps the last epoch. */
export async function openData(
  { data, validationFraction: fraction, origin, signal: raised }: Chosen,
  { method, recipe: asked }: { method: MethodRequest | undefined; recipe: RecipeInput },
): Promise<TrainingData> {
  const signal = raised ? { signal: raised } : {};
  const dataset = typeof data === "string" ? await readDataset(data, signal) : data;
  const { train, val } = dataset.splits;
  const facts = { labels: train.map(({ label }) => label), valExamples: val.length };
  const { select, seed, folds } = settleTraining({ method, recipe: asked, data: facts }).recipe;
  if (folds > 0) return groupCopies(dataset, signal);
  if (select !== "last") {
    const trained = origin && (await trainedBefore(origin, dataset, signal));
    const split = await splitTrainValidation(dataset, {
      ...{ seed, trained },
      ...(fraction && { fraction }),
      ...signal,
    });
    const notes = origin && !trained ? [mayBeTrained(origin)] : [];
    return { dataset: { ...split, notes: [...split.notes, ...notes] } };
  }
  if (val.length === 0) return { dataset };
  const note = `Training on the ${val.length} validation images too, since the last epoch is kept in any case.`;
  const splits = { ...dataset.splits, train: [...train, ...val], val: [] };
  return { dataset: { ...dataset, splits, notes: [...dataset.notes, note] } };
}
