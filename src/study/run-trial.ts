/** Trains one trial in a folder of its own, resuming what an earlier process left there, and measures what it is for. */

import { rm } from "node:fs/promises";
import { allTrainables } from "../adapter/head.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { FileError } from "../errors.ts";
import { readJson } from "../files/read-json.ts";
import { sizeOf } from "../formats/tensor.ts";
import { chooseMethod } from "../methods/methods.ts";
import { backboneOf } from "../model/architectures.ts";
import type { Model } from "../model/model.ts";
import { load } from "../predict/load.ts";
import { describeSteps } from "../preprocessing/describe-steps.ts";
import { parseSteps } from "../preprocessing/parse-steps.ts";
import { evaluationSteps } from "../preprocessing/step-list.ts";
import { readMetrics } from "../runs/metrics-file.ts";
import { parseRunConfig } from "../runs/run-config.ts";
import { runPaths } from "../runs/run-folder.ts";
import { train } from "../runs/train.ts";
import { DivergedError } from "../train/epochs.ts";
import { microBatchFor } from "../train/micro-batch.ts";
import type { RecipeInput } from "../train/recipe.ts";
import { settleTraining } from "../train/settle.ts";
import { type EpochScore, recipeOf, type Trial, type TrialResult } from "./trial.ts";
import type { Workshop } from "./workshop.ts";

/** Bytes that activations are planned for: a constant, so that the runs of a step are as long on every machine. */
const plannedBytes = 4 * 2 ** 30;

export interface RunTrialOptions {
  readonly workshop: Workshop;
  readonly signal: AbortSignal;
  /** Called with the share that is done, from 0 to 1. */
  readonly onProgress: (share: number) => void;
  /** Called with the step that an earlier run had got to, where there was one. */
  readonly onResumed?: (step: number) => void;
  /** Called after each checkpoint; training waits for it, so that nobody writes in the trial's folder meanwhile. */
  readonly onSaved?: () => Promise<void>;
}

export interface TrialOutcome {
  readonly result: TrialResult;
  /** Of training, without pauses between resumed runs. */
  readonly seconds: number;
}

/** The outcome, or nothing where the signal was raised: the state is saved then. */
export async function runTrial(trial: Trial, options: RunTrialOptions): Promise<TrialOutcome | undefined> {
  const { workshop, signal, onProgress } = options;
  const model = await workshop.model(trial);
  const whole = await workshop.data(trial);
  const dataset = datasetFor(trial, whole);
  const engine = await workshop.engine(trial);
  const { content, folder, features } = trial;
  const { method, images, skipBadImages } = content;
  const recipe = recipeFor(trial, { dataset, model });
  const store = workshop.store();
  const facts = { trial, model, dataset };
  let seconds = 0;
  let seen = { train: dataset.splits.train.length, val: dataset.splits.val.length };
  try {
    const shared = { model, engine, store, features, signal, skipBadImages };
    for await (const event of train({
      ...shared,
      data: dataset,
      out: folder,
      method,
      recipe,
      images,
      resume: true,
    })) {
      if (event.type === "step") onProgress((0.95 * event.step) / event.steps);
      if (event.type === "stopped") return undefined;
      if (event.type === "saved" && event.what === "checkpoint") await options.onSaved?.();
      if (event.type === "start") {
        seen = { train: event.trainExamples, val: event.valExamples };
        if (event.resumedAt > 0) options.onResumed?.(event.resumedAt);
      }
      if (event.type !== "done") continue;
      seconds = event.seconds;
      const { trainImages: train = seen.train, validationImages: val = seen.val } =
        event.finishedBefore ?? {};
      seen = { train, val };
    }
  } catch (error) {
    if (!(error instanceof DivergedError)) throw error;
    const known = await measured(facts);
    return { result: { ...known, trainImages: seen.train, diverged: error.message }, seconds };
  }
  const result = { ...(await measured(facts)), trainImages: seen.train };
  if (content.purpose !== "test") {
    const epochScores = { images: seen.val, ...(await scoresIn(folder)) };
    return { result: { ...result, epochScores }, seconds };
  }
  const loaded = await load({ adapter: folder, model }, { engine, store });
  try {
    const { metrics } = await loaded.evaluate(whole, { split: "test", skipBadImages, signal });
    const { examples, correct, top1, loss } = metrics;
    return {
      result: {
        ...result,
        test: { images: examples, correct, top1, loss: Number.isFinite(loss) ? loss : null },
      },
      seconds,
    };
  } finally {
    await loaded.close();
  }
}

/** The images that the trial trains on as `train`, and those it measures each epoch on as `val`. */
function datasetFor({ content: { purpose } }: Trial, dataset: Dataset): Dataset {
  const { train, val, test } = dataset.splits;
  if (purpose === "validate") return { ...dataset, splits: { train, val, test: [] } };
  const both = [...train, ...val];
  const splits = { train: both, val: purpose === "test" ? [] : test, test: purpose === "test" ? test : [] };
  return { ...dataset, splits };
}

/** How a step is divided into runs must not depend on memory. */
function recipeFor(
  { content }: Trial,
  { dataset, model }: { readonly dataset: Dataset; readonly model: Model },
): RecipeInput {
  const asked = recipeOf(content);
  if (asked.microBatchSize) return asked;
  const { train, val } = dataset.splits;
  const data = { labels: train.map(({ label }) => label), valExamples: val.length };
  const { batchSize, consistency } = settleTraining({ method: content.method, recipe: asked, data }).recipe;
  const passes = consistency > 0 ? 2 : 1;
  const microBatchSize = microBatchFor(backboneOf(model.config), {
    batchSize,
    memoryBytes: plannedBytes,
    passes,
  });
  return { ...asked, batchSize, microBatchSize };
}

/** What its folder says of a run that was begun, so that a process that finds it finished knows the same. */
async function measured({
  trial: { folder },
  model,
  dataset,
}: {
  readonly trial: Trial;
  readonly model: Model;
  readonly dataset: Dataset;
}): Promise<Omit<TrialResult, "trainImages">> {
  const where = runPaths(folder).config;
  const { method, recipe, preprocessing, evaluation } = parseRunConfig(await readJson(where), where);
  const { adaptation } = chooseMethod(method, where);
  const trainables = allTrainables(adaptation, backboneOf(model.config), dataset.classes.length);
  const count = (isOurs: (name: string) => boolean) =>
    trainables.filter(({ name }) => isOurs(name)).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const steps = parseSteps(preprocessing, where);
  const evaluated = evaluation ? parseSteps(evaluation, where) : evaluationSteps(steps);
  return {
    trainable: count(() => true),
    headTrainable: count((name) => name.startsWith("head.")),
    ...{ epochs: Number(recipe.epochs), learningRate: Number(recipe.learningRate) },
    batchSize: Number(recipe.batchSize),
    preprocessing: { training: describeSteps(steps), evaluation: describeSteps(evaluated) },
  };
}

/** From the run's log, which has the epochs before a resume too. */
async function scoresIn(folder: string): Promise<{ readonly last: EpochScore; readonly best: EpochScore }> {
  const path = runPaths(folder).metrics;
  const scores: EpochScore[] = [];
  for await (const record of readMetrics(path)) {
    const { type, epoch = -1, valTop1, valLoss } = record as Readonly<Record<string, unknown>>;
    if ((type === "epoch" || type === "probe") && typeof valTop1 === "number" && typeof valLoss === "number")
      scores.push({ epoch: Number(epoch), top1: valTop1, loss: valLoss });
  }
  const last = scores.at(-1);
  if (!last) throw new FileError(`${path} has no accuracy of any epoch. Remove ${folder} to train it again.`);
  const epochs = scores.filter(({ epoch }) => epoch >= 0);
  const ranked = (epochs.length > 0 ? epochs : scores).toSorted((a, b) => b.top1 - a.top1 || a.loss - b.loss);
  return { last, best: ranked[0] ?? last };
}

/** Removes a trial's run once its result is recorded. */
export const removeRun = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });
