/** All that a run is made of: what is asked for now, and for the rest what an earlier run in its folder began with. */

import { resolve } from "node:path";
import type { Dataset } from "../datasets/dataset.ts";
import { InputError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { readJson } from "../files/read-json.ts";
import { showValue } from "../files/show-value.ts";
import type { Method } from "../methods/method.ts";
import { defaultMethod, type MethodRequest, methods } from "../methods/methods.ts";
import type { Model } from "../model/model.ts";
import type { NamedModel } from "../model/named-models.ts";
import type { StepChoices } from "../preprocessing/compose-steps.ts";
import { parseSteps } from "../preprocessing/parse-steps.ts";
import { evaluationSteps } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import type { RecipeInput } from "../train/recipe.ts";
import { continuedMethod, type Origin, readOrigin } from "./continued.ts";
import { recipeDefaults } from "./recipe-defaults.ts";
import { type AskedConfig, parseRunConfig, type RunConfig } from "./run-config.ts";
import { runPaths } from "./run-folder.ts";
import type { MethodOptions, TrainOptions } from "./train.ts";

/** How images are prepared for training and for validation. */
export interface Steps {
  readonly preprocessing: readonly Step[];
  readonly evaluation: readonly Step[];
}

/** Where a run stands that is to be continued: nothing here is asked for again. */
export interface CompleteOptions
  extends Omit<TrainOptions, "model" | "data" | "method" | "recipe" | "imageSize"> {
  /** None where nothing names one. */
  readonly model: string | Model | undefined;
  readonly data: string | Dataset;
  readonly method: MethodRequest;
  readonly recipe: RecipeInput;
  readonly imageSize: number | readonly [height: number, width: number] | undefined;
  /** As they were, where no choice of `images` is given again. */
  readonly steps: Steps | undefined;
  /** The adapter to continue from. */
  readonly origin: Origin | undefined;
  /** What an earlier run began with, where it is to be continued. */
  readonly earlier: RunConfig | undefined;
  /** What the folder of the run will keep, for it to be continued by its folder alone. */
  readonly asked: AskedConfig;
}

/** The same with a model, once one is chosen. */
export interface Chosen extends Omit<CompleteOptions, "model"> {
  readonly model: string | Model | NamedModel | undefined;
}

/** Adds what the run in `out` began with, where it is to be resumed. */
export async function completeOptions(options: TrainOptions): Promise<CompleteOptions> {
  const { out, data: given, resume = false } = options;
  const earlier = resume ? await earlierIn(out) : undefined;
  const recalled = earlier ? recall(earlier, options) : {};
  const data = given ?? recalled.data;
  if (data === undefined)
    throw new InputError((show) =>
      resume
        ? `${out} holds no run yet. Give ${show("data")} to start one.`
        : `train: ${show("data")} is missing.`,
    );
  if (given === undefined) await checkStillThere(out, data);
  const complete = { ...recalled, ...withoutUndefined(options) };
  const images = { ...recalled.images, ...chosenIn(options.images ?? {}) };
  const origin = await originOf(options, earlier);
  const merged = mergeMethod(options.method, earlier);
  const { dropClasses } = complete;
  const method = origin ? continuedMethod(origin, methodAsked(options, earlier && merged)) : merged;
  const recipe = { ...recalled.recipe, ...withoutUndefined(options.recipe ?? {}) };
  const { model, imageSize, validationFraction, skipBadImages = false, provider, threads } = complete;
  const { tensorboard = false, keepEpochs = false } = complete;
  const asked = {
    ...{ validationFraction, skipBadImages, dropClasses, images, provider, threads },
    ...{ ...(tensorboard && { tensorboard }), ...(keepEpochs && { keepEpochs }) },
    data: typeof data === "string" ? resolve(data) : undefined,
  };
  const steps = Object.keys(chosenIn(options.images ?? {})).length === 0 ? recalled.steps : undefined;
  const known = { ...complete, continueFrom: origin?.path, origin, earlier, asked };
  return { ...known, model, data, method, recipe, images, imageSize, steps };
}

/** What is asked for now, for the adapter's own to be compared with. */
const methodAsked = (
  { method, imageSize, heads }: TrainOptions,
  merged: MethodRequest | undefined,
): Parameters<typeof continuedMethod>[1] => ({
  method: merged ?? (typeof method === "string" ? { name: method } : method),
  ...{ imageSize, heads },
});

/** The adapter that the run continues from; of a resumed run, the one that it began with. */
async function originOf(options: TrainOptions, earlier: RunConfig | undefined): Promise<Origin | undefined> {
  const { continueFrom: given, out } = options;
  const path = given ?? earlier?.continuedFrom?.path;
  if (path === undefined) return undefined;
  if (given === undefined && !(await exists(path)))
    throw new InputError(
      (show) =>
        `${out}: it continues from ${path}, which is no longer there. Give its place as ${show("continueFrom")}.`,
    );
  return readOrigin(path, methodAsked(options, undefined));
}

/** What run.json in `out` holds. */
async function earlierIn(out: string): Promise<RunConfig | undefined> {
  const { config } = runPaths(out);
  return (await exists(config)) ? parseRunConfig(await readJson(config), config) : undefined;
}

/** Options as an earlier run had them. */
type Recalled = Partial<
  Pick<CompleteOptions, "model" | "recipe" | "imageSize" | "steps" | "heads"> &
    Pick<
      AskedConfig,
      | "validationFraction"
      | "skipBadImages"
      | "dropClasses"
      | "provider"
      | "threads"
      | "tensorboard"
      | "keepEpochs"
    >
> & { readonly data?: string; readonly images?: StepChoices };

function recall(
  { model, data, recipe, preprocessing, evaluation, asked = {} }: RunConfig,
  { out }: TrainOptions,
): Recalled {
  const { images, data: path = data.root, ...rest } = asked;
  const where = runPaths(out).config;
  const steps = parseSteps(preprocessing, where);
  const { heads, imageSize } = model.config as Readonly<Record<string, unknown>>;
  return {
    ...withoutUndefined(rest),
    ...{ model: model.id, data: path, recipe: { ...recipeDefaults(recipe), ...recipe } },
    ...(images && { images: images as StepChoices }),
    ...(typeof heads === "number" && { heads }),
    ...(isSize(imageSize) && { imageSize }),
    steps: {
      preprocessing: steps,
      evaluation: evaluation ? parseSteps(evaluation, where) : evaluationSteps(steps),
    },
  };
}

const isSize = (value: unknown): value is readonly [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every((side) => typeof side === "number");

/** A program may give options as `undefined`, which says no more than leaving them out. */
const withoutUndefined = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;

const choiceNames = [
  "resize",
  "interpolation",
  "crop",
  "cropScale",
  "flip",
  "randAugment",
  "normalize",
] as const satisfies readonly (keyof StepChoices)[];

/** The choices alone, whatever comes with them. */
const chosenIn = (images: StepChoices): StepChoices =>
  Object.fromEntries(
    choiceNames.flatMap((name) => (images[name] === undefined ? [] : [[name, images[name]]])),
  );

/** Options that are not given again are as before, while the method is the same. */
function mergeMethod(given: TrainOptions["method"], earlier: RunConfig | undefined): MethodRequest {
  const asked: MethodOptions = typeof given === "string" ? { name: given } : (given ?? {});
  if (!earlier) return { ...asked, name: asked.name ?? defaultMethod };
  const { name: before, options } = earlier.method;
  const { name = before } = asked;
  if (nameOf(name) !== before) return { ...asked, name };
  if (name === before) checkKnown(before);
  return { name, options: { ...options, ...(asked.options as object | undefined) } };
}

const nameOf = (method: string | Method): string => (typeof method === "string" ? method : method.name);

/** No code that a run's folder might name is ever run: only the user can say where a method is defined. */
function checkKnown(before: string): void {
  if (methods.some(({ name }) => name === before)) return;
  throw new InputError(
    (show) =>
      `This run trains method ${showValue(before)}, which is not part of rlrr. Say where it is defined, with ${show("method")}.`,
  );
}

/** The place of the data is remembered, the data is not. */
async function checkStillThere(out: string, data: string | Dataset): Promise<void> {
  if (typeof data !== "string" || (await exists(data))) return;
  throw new InputError(
    (show) =>
      `${out}: its data ${data} is no longer there. Give its place as ${show("data")}; the images must be the same.`,
  );
}
