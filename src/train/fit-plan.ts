/** What `fit` is asked for, and all that is settled before anything runs. */

import { allTrainables } from "../adapter/head.ts";
import type { Engine } from "../engine/engine.ts";
import { InputError, type Wording } from "../errors.ts";
import { checkOptions, type KnownOptions } from "../files/check-options.ts";
import { showValue } from "../files/show-value.ts";
import { renderShape, sizeOf, type Tensor } from "../formats/tensor.ts";
import type { Trainable } from "../methods/method.ts";
import type { ChosenMethod, MethodRequest } from "../methods/methods.ts";
import { backboneOf } from "../model/architectures.ts";
import type { Backbone } from "../model/backbone.ts";
import type { ValueOf } from "../model/layers.ts";
import type { Model } from "../model/model.ts";
import { constantsOf } from "../model/weight-constants.ts";
import { checkConsistency } from "./check-consistency.ts";
import type { DataFacts } from "./default-recipe.ts";
import type { Examples } from "./examples.ts";
import type { FeatureCache } from "./features.ts";
import type { FitState } from "./fit-events.ts";
import { foldsOf } from "./folds.ts";
import { planMemory, type StepMemory } from "./memory-plan.ts";
import type { Recipe, RecipeInput } from "./recipe.ts";
import type { OpenRows } from "./row-store.ts";
import { settleTraining } from "./settle.ts";
import type { ReadWeight } from "./start-state.ts";

/** Trained tensors that training continues from. */
export interface ContinueFrom {
  /** Every trainable's by its name, the head with a row for each class. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Classes whose rows were never trained: with the recipe's `start: "probe"` a linear probe fits them to the rest. */
  readonly newClasses: readonly number[];
}

export interface FitOptions {
  /** Its head, if it has one, is not used. */
  readonly model: Pick<Model, "config" | "weights">;
  /** `defaultMethod` where left out. */
  readonly method?: MethodRequest;
  readonly classes: number;
  readonly train: Examples;
  /** Chooses the epoch to keep. Without any, a small training set is cross-validated; or give the recipe `select: "last"`. */
  readonly val?: Examples;
  /** For cross-validation: training examples with the same number stay in one fold. */
  readonly groups?: readonly (number | undefined)[];
  /** The learning rate is the method's own where left out. */
  readonly recipe?: RecipeInput;
  readonly engine: Engine;
  /** Features of the pre-trained model that another run may have computed of the same images. */
  readonly features?: FeatureCache;
  /** Starts from these tensors instead of the method's own start, and keeps them where no epoch validates better. */
  readonly continueFrom?: ContinueFrom;
  /** With the recipe's `start: "head"`: `head.weight` [classes, D] and `head.bias` [classes], which training starts from. */
  readonly startHead?: ReadonlyMap<string, Tensor>;
  /** Goes on from here. Its parameters are changed in place. */
  readonly resume?: FitState;
  /** Memory for activations, which decides how many images one run of the graph takes. */
  readonly memoryBytes?: number;
  /** What the process may take at its peak, in bytes: decides the micro-batch, and whether blocks are recomputed. */
  readonly memory?: number;
  /** Whether blocks are computed again for their gradients; where left out, `memory` decides. */
  readonly recompute?: boolean;
  /** Keeps what frozen blocks make of images where memory is too small; without it memory must do. */
  readonly openRows?: OpenRows;
  /** Reads weights that lie in files, for methods that train them. */
  readonly readWeight?: ReadWeight;
  /** Whether the last event carries the tensors of the epoch kept, which costs a copy of them. */
  readonly keep?: boolean;
  readonly signal?: AbortSignal;
}

const known: KnownOptions<FitOptions> = {
  ...{ model: true, method: true, classes: true, continueFrom: true, groups: true, train: true, val: true },
  ...{ recipe: true, engine: true, features: true },
  ...{
    resume: true,
    startHead: true,
    memory: true,
    recompute: true,
    memoryBytes: true,
    openRows: true,
    readWeight: true,
    keep: true,
    signal: true,
  },
};

/** Programs without types may leave out what is needed. */
function checkGiven(options: FitOptions): void {
  checkOptions(options, { verb: "fit", known });
  const { model, train, val, engine } = options;
  const needed = [
    ["model", model?.config && model.weights, "a model, as readModel gives"],
    ["train", train?.labels && train.batches, "examples, as examplesInMemory gives"],
    ["engine", engine, "an engine, as openEngine gives"],
    ["val", val === undefined || (val?.labels && val.batches), "examples, as examplesInMemory gives"],
  ] as const;
  for (const [name, isThere, what] of needed)
    if (!isThere)
      throw new InputError(
        options[name] === undefined
          ? `fit: ${name} is missing. Give ${what}.`
          : `fit: ${name} must be ${what}, got ${showValue(options[name])}.`,
      );
}

/** All that is settled before anything runs. */
export interface FitPlan {
  readonly options: FitOptions;
  readonly chosen: ChosenMethod;
  readonly recipe: Recipe;
  readonly backbone: Backbone;
  readonly frozen: ValueOf;
  /** Backbone's and head's. */
  readonly trainables: readonly Trainable[];
  /** How the training graph runs. */
  readonly memory: StepMemory;
  /** The fold of each training example; empty without cross-validation. */
  readonly foldOf: readonly number[];
}

/** Why training that continues is not cross-validated. */
export const whyNoFolds: Wording = (show) =>
  `${show("folds")} would hold out examples that the tensors of ${show("continueFrom")} may have been trained on. Give other validation examples, or ${show("folds", "0")} and ${show("select", "last")}.`;

/** Why training that continues does not start from the model's own head. */
export const whyNoStartHead: Wording = (show) =>
  `${show("start", "head")} begins with the model's own head, ${show("continueFrom")} with the adapter's; give one of them.`;

/** Wrong options fail here. */
export function planFit(options: FitOptions): FitPlan {
  checkGiven(options);
  const { model, classes, train, val } = options;
  const data = { labels: train.labels, valExamples: val?.labels.length ?? 0 };
  const { chosen, recipe } = settleTraining({ ...options, data });
  const backbone = backboneOf(model.config);
  if (!Number.isInteger(classes) || classes < 1)
    throw new InputError(`classes must be a whole number above 0, got ${showValue(classes)}.`);
  const trainables = allTrainables(chosen.adaptation, backbone, classes);
  checkStartHead(options, { recipe, trainables });
  checkConsistency(recipe, { adaptation: chosen.adaptation, backbone, trainables });
  const [height, width] = backbone.imageSize;
  const needed = 3 * height * width;
  for (const [name, { labels, size = needed }] of Object.entries({ train, ...(val && { val }) })) {
    if (size !== needed)
      throw new InputError(
        `${name}: an example has ${size} numbers; the model needs ${needed}, an image [3, ${height}, ${width}].`,
      );
    for (const label of labels)
      if (!Number.isInteger(label) || label < 0 || label >= classes)
        throw new InputError(
          `${name}: label ${label} is not a class; with ${classes} classes it is a whole number from 0 to ${classes - 1}.`,
        );
  }
  if (train.labels.length === 0) throw new InputError("train: there is no example to train on.");
  if (options.continueFrom && recipe.folds > 0) throw new InputError(whyNoFolds);
  checkValidation(recipe, data);
  const { folds, seed } = recipe;
  const foldOf = folds > 0 ? foldsOf(train.labels, { folds, seed, groups: options.groups }) : [];
  const { memoryBytes = Number.POSITIVE_INFINITY, memory: limit, recompute } = options;
  const memory = planMemory({ backbone, trainables, recipe, memoryBytes, memory: limit, recompute });
  const frozen = constantsOf(model.weights);
  return { options, chosen, recipe, backbone, frozen, trainables, memory, foldOf };
}

function checkStartHead(
  { startHead, continueFrom }: FitOptions,
  { recipe, trainables }: { readonly recipe: Recipe; readonly trainables: readonly Trainable[] },
): void {
  if (recipe.start !== "head") return;
  if (continueFrom) throw new InputError(whyNoStartHead);
  for (const { name, shape } of trainables.filter((one) => one.name.startsWith("head.")))
    if (startHead?.get(name)?.data.length !== sizeOf(shape))
      throw new InputError(
        (show) =>
          `fit: ${show("start", "head")} needs startHead with "${name}" of shape ${renderShape(shape)}, got ${startHead?.has(name) ? "another shape" : "none"}.`,
      );
}

function checkValidation({ select, folds }: Recipe, { labels, valExamples }: DataFacts): void {
  if (folds > 0 && valExamples > 0)
    throw new InputError(
      (show) =>
        `${show("folds")} cross-validates where there are no validation examples, but there are ${valExamples}. Leave them out, or give ${show("folds", 0)}.`,
    );
  if (folds > labels.length)
    throw new InputError(
      (show) =>
        `${show("folds")} must be at most the number of training examples, ${labels.length}, got ${folds}.`,
    );
  if (select !== "last" && folds === 0 && valExamples === 0)
    throw new InputError(
      (show) =>
        `val: there is no validation example to choose the best epoch by. Give some, or the recipe ${show("folds", 4)} or ${show("select", "last")}.`,
    );
}
