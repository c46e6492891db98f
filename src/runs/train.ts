/** Trains a model on labelled images: finds model and data, resolves the options, then runs. */

import type { Dataset } from "../datasets/dataset.ts";
import { describeDataset } from "../datasets/describe-dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { type EngineOptions, openEngine } from "../engine/open-engine.ts";
import { InputError } from "../errors.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import { checkRunFolder } from "../files/check-output-paths.ts";
import { parseBytes } from "../files/parse-bytes.ts";
import { showValue } from "../files/show-value.ts";
import type { ImageStore } from "../images/image-store.ts";
import type { MethodRequest } from "../methods/methods.ts";
import { sayAssumedSteps } from "../model/assumed-steps.ts";
import type { Model } from "../model/model.ts";
import type { ReadModelOptions } from "../model/read-model.ts";
import type { StepChoices } from "../preprocessing/compose-steps.ts";
import { Closers } from "../train/closers.ts";
import { whyNoFolds, whyNoStartHead } from "../train/fit-plan.ts";
import type { RecipeInput } from "../train/recipe.ts";
import { settleTraining } from "../train/settle.ts";
import { type Chosen, completeOptions } from "./complete-options.ts";
import { continuedSteps, continueOn } from "./continued.ts";
import { chooseModel } from "./default-model.ts";
import type { TrainEvent } from "./events.ts";
import { openBase } from "./open-base.ts";
import type { RunOptions } from "./open-run.ts";
import { runTraining } from "./run-training.ts";
import { startHead } from "./start-head.ts";
import { openData } from "./training-data.ts";
import { croppedNote, imagesFor, stepsFor } from "./training-steps.ts";

export interface TrainOptions extends EngineOptions {
  /** A file, a folder, a named model such as `tiny`, a hub id, or a model that was read. Where left out, one is chosen for the machine and fetched. */
  readonly model?: string | Model | undefined;
  /** Labelled images: a folder, a list, or a data set that was read. Without validation images it gets some of its training images. May be left out with `resume`. */
  readonly data?: string | Dataset | undefined;
  /** The run's folder; the adapter is written into its `adapter` folder. */
  readonly out: string;
  /** A run or an adapter to continue from: its trained tensors, its base, method, preprocessing and image size, and the rows of its classes. */
  readonly continueFrom?: string | undefined;
  /** With `continueFrom`: leave classes that the data lacks out of the head. */
  readonly dropClasses?: boolean | undefined;
  /** RLRR where left out. */
  readonly method?: string | MethodOptions | undefined;
  /** How to train. With `select: "last"` nothing is held out, and validation images are trained on too. */
  readonly recipe?: RecipeInput | undefined;
  /** How images are prepared, where the model's own way is not wanted. */
  readonly images?: StepChoices | undefined;
  /** In pixels; by default what the model was stored for. */
  readonly imageSize?: number | undefined;
  /** Attention heads, where neither the model's config nor its width tells. */
  readonly heads?: number | undefined;
  /** The share of training images held out for validation where the data has no validation split; default 0.2. */
  readonly validationFraction?: number | undefined;
  /** Leave damaged images out instead of stopping. */
  readonly skipBadImages?: boolean | undefined;
  /** Keep the adapter of every epoch too, in the `epochs` folder of `out`. */
  readonly keepEpochs?: boolean | undefined;
  /** Write events for TensorBoard into the `tensorboard` folder of `out`. */
  readonly tensorboard?: boolean | undefined;
  /** Continue from the checkpoint in `out`, with all that is left out as the run began; where there is no run yet, start one. */
  readonly resume?: boolean | undefined;
  /** Runs the model, and stays open; where left out, one is opened with `provider` and `threads`. */
  readonly engine?: Engine | undefined;
  /** Decoded images to share with other runs, whose owner closes it. */
  readonly store?: ImageStore | undefined;
  /** A folder in which runs share features of the pre-trained model, which is made where it is missing; the engines that share it compute alike. */
  readonly features?: string | undefined;
  /** What the process may take at its peak: bytes, or a text such as 4GB. Decides the micro-batch, and whether blocks are computed again for their gradients. */
  readonly memory?: string | number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the progress of a download from the hub. */
  readonly onProgress?: ReadModelOptions["onProgress"];
}

/** A method and its options, of which a resumed run needs neither. */
export type MethodOptions = Partial<MethodRequest>;

type Events = AsyncGenerator<TrainEvent, void, void>;

/**
 * Trains and writes the adapter into `out`. Raising `signal`, or leaving the loop, saves the state; a run that was stopped or
 * killed continues with `resume`, to the same results as if it had never stopped. A raised signal ends with `stopped`.
 */
export async function* train(options: TrainOptions): Events {
  checkGiven(options ?? {});
  const { signal } = options;
  const closers = new Closers();
  try {
    const complete = await completeOptions(options);
    const isChosen = complete.model === undefined && !complete.origin;
    const chosen = isChosen ? await chooseModel(complete.threads) : undefined;
    if (chosen) yield { type: "note", message: chosen.note };
    const { run, notes } = await settle({ ...complete, model: complete.model ?? chosen?.model }, closers);
    for (const message of notes) yield { type: "note", message };
    yield* runTraining(run);
  } catch (error) {
    // Raised while model and data were read: there is nothing to save yet.
    if (!signal?.aborted || error !== signal.reason) throw error;
    yield { type: "stopped", step: 0 };
  } finally {
    await closers.close();
  }
}

interface Settled {
  readonly run: RunOptions;
  /** What the user should see before training begins. */
  readonly notes: readonly string[];
}

/** The quick checks come first. */
async function settle(options: Chosen, closers: Closers): Promise<Settled> {
  const { out, data, method, provider, threads, asked, origin, continueFrom } = options;
  settleTraining({ method, recipe: options.recipe });
  checkFraction(options);
  if (origin && (options.recipe.folds ?? 0) > 0) throw new InputError(whyNoFolds);
  if (origin && options.recipe.start === "head") throw new InputError(whyNoStartHead);
  await checkRunFolder(out, { data: typeof data === "string" ? data : data.root, continueFrom });
  const recipe = recipeFor(options);
  const images = imagesFor(options, { method, recipe });
  const ownSteps = origin && continuedSteps(origin, { asked: options.images ?? {}, images });
  const engine = options.engine ?? closers.add(await openEngine({ provider, threads }));
  const model = await openBase(options);
  const { dataset, groups } = await openData(options, { method, recipe });
  const continued = origin && (await continueOn(origin, dataset, options));
  const head = recipe.start === "head" ? await startHead(model, dataset.classes) : undefined;
  const notes = [
    ...(options.engine ? [] : engine.notes),
    ...model.notes,
    ...(origin ? [] : sayAssumedSteps(model, options.images ?? {})),
    ...(images.crop === options.images?.crop ? [] : [croppedNote]),
    ...dataset.notes,
    describeDataset(dataset),
    ...(continued?.notes ?? []),
  ];
  const { resume = false, skipBadImages = false, keepEpochs = false, tensorboard = false } = options;
  const { store, features, memory, signal } = options;
  const run: RunOptions = {
    ...{ model, baseId: model.source ?? model.id, dataset, out, recipe, engine, method, asked },
    ...{ resume, skipBadImages, keepEpochs, tensorboard, ...stepsFor(model, options, { images, ownSteps }) },
    ...(continued && { continued }),
    ...(head && { startHead: head }),
    ...(groups && { groups }),
    ...(store && { store }),
    ...(features !== undefined && { features }),
    ...(memory !== undefined && { memory: parseBytes(memory, "memory") }),
    ...(signal && { signal }),
  };
  return { run, notes };
}

const known: KnownOptions<TrainOptions> = {
  ...{ model: true, data: true, out: true, method: true, recipe: true, images: true, imageSize: true },
  ...{
    continueFrom: true,
    dropClasses: true,
    heads: true,
    validationFraction: true,
    skipBadImages: true,
    keepEpochs: true,
    tensorboard: true,
    resume: true,
    engine: true,
    store: true,
    features: true,
    memory: true,
  },
  ...{ signal: true, onProgress: true, provider: true, threads: true },
};

/** Programs without types may leave out what is needed, or misspell what is not. */
function checkGiven(options: Partial<TrainOptions>): void {
  const advice = " Options of training, such as epochs, belong in recipe.";
  checkOptions(options, { verb: "train", known, advice });
  const { continueFrom, dropClasses, resume, features, memory } = options;
  if (memory !== undefined) parseBytes(memory, "memory");
  if (features !== undefined) checkPath(features, { what: "train: features" });
  if (continueFrom !== undefined && typeof continueFrom !== "string")
    throw new InputError(
      (show) => `train: ${show("continueFrom")} must be a path, got ${showValue(continueFrom)}.`,
    );
  if (dropClasses && continueFrom === undefined && !resume)
    throw new InputError(
      (show) =>
        `train: ${show("dropClasses", true)} is about the classes of an adapter; give one as ${show("continueFrom")}.`,
    );
  if (options.out === undefined) throw new InputError((show) => `train: ${show("out")} is missing.`);
  for (const name of ["model", "data", "out"] as const) {
    const value = options[name];
    if (value === undefined) continue;
    if (typeof value !== "string" && (name === "out" || typeof value !== "object"))
      throw new InputError((show) => `train: ${show(name)} must be a path, got ${showValue(value)}.`);
  }
}

function checkFraction({ validationFraction: fraction = 0.2 }: Chosen): void {
  if (typeof fraction === "number" && fraction > 0 && fraction < 1) return;
  throw new InputError(
    (show) =>
      `${show("validationFraction")} must be a number above 0 and below 1, got ${showValue(fraction)}.`,
  );
}

/**
 * Who says which share to hold out wants that, and no cross-validation. Neither can a run that continues cross-validate:
 * what it starts from may have been trained on every fold.
 */
const recipeFor = ({ recipe, validationFraction, origin }: Chosen): RecipeInput =>
  validationFraction === undefined && !origin ? recipe : { folds: 0, ...recipe };
