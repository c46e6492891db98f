/** Training without a folder: a model, a method, examples, a recipe and an engine give a stream of events. */

import { sizeOf } from "../formats/tensor.ts";
import type { Trainable } from "../methods/method.ts";
import { Closers } from "./closers.ts";
import { type Compiled, checkPrecision, compilePlan } from "./compile-plan.ts";
import { continueFromTrained } from "./continue-from.ts";
import { crossValidate, stepsInAll } from "./cross-validate.ts";
import { type Prepared, runEpochs, stepsDone } from "./epochs.ts";
import { type Work, withEstimate } from "./estimate.ts";
import type { FitEvent, FitStartEvent, FitState } from "./fit-events.ts";
import { type FitOptions, type FitPlan, planFit } from "./fit-plan.ts";
import { openSources, type Sources, startFromHead } from "./fit-sources.ts";
import { freshState } from "./start-state.ts";
import { validationOn } from "./validator.ts";

export type { ContinueFrom, FitOptions } from "./fit-plan.ts";

/** Trains and ends with `done`. Raising `signal` throws its reason; the state of the last event is where it stands. */
export async function* fit(options: FitOptions): AsyncGenerator<FitEvent, void, void> {
  const plan = planFit(options);
  const closers = new Closers();
  try {
    await checkPrecision(plan);
    const sources = yield* openSources(plan, closers);
    const compiled = await compilePlan(plan, sources, closers);
    const state = options.resume ?? (await freshState(plan));
    const ready: ReadyToFit = { ...sources, ...compiled, state };
    yield startEvent(plan, ready);
    const trained = plan.recipe.folds > 0 ? crossValidate(plan, ready) : trainOnce(plan, ready);
    yield* withEstimate(trained, workOf(plan, ready));
  } finally {
    await closers.close();
  }
}

/** Examples, compiled graphs, and the state to start from. */
export interface ReadyToFit extends Sources, Compiled {
  readonly state: FitState;
}

async function* trainOnce(
  plan: FitPlan,
  { train, val, features, context, validator, state }: ReadyToFit,
): AsyncGenerator<FitEvent, void, void> {
  const { recipe, options } = plan;
  const { keep = true, signal, resume } = options;
  const validation = val && validator && validationOn(val, { validator, signal });
  const prepared: Prepared = { context, recipe, train, validation, state, keep, signal };
  const started = resume ?? (yield* startingState(plan, { prepared, features }));
  yield* runEpochs({ ...prepared, state: started });
}

/** Where a new training begins: at what it continues from, with the head of a probe or of the model, or at the method's own start. */
async function* startingState(
  plan: FitPlan,
  { prepared, features }: { prepared: Prepared; features: Sources["features"] },
): AsyncGenerator<FitEvent, FitState, void> {
  const { continueFrom } = plan.options;
  if (continueFrom) return yield* continueFromTrained(plan, { prepared, features, continueFrom });
  const { start } = plan.recipe;
  if (start === "head" || (start === "probe" && features))
    return yield* startFromHead(plan, { prepared, features });
  return prepared.state;
}

/** In cross-validation every image is validated once for each epoch. */
function workOf(plan: FitPlan, { train, val, validator, flopsPerImage }: ReadyToFit): Work {
  const { epochs, folds } = plan.recipe;
  const images = train.labels.length;
  const validated = epochs * (folds > 0 ? images : (val?.labels.length ?? 0));
  const validationShare = (validator?.flopsPerImage ?? 0) / flopsPerImage;
  return { epochs, folds, images, validatedPerStep: validated / stepsInAll(plan), validationShare };
}

function startEvent(plan: FitPlan, { train, val, context, state, keptShare }: ReadyToFit): FitStartEvent {
  const { chosen, trainables, recipe, backbone, options } = plan;
  const count = (parts: readonly Trainable[]) => parts.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    type: "start",
    method: chosen.method.name,
    trainable: count(trainables),
    headTrainable: count(trainables.filter(({ name }) => name.startsWith("head."))),
    backbone: [...backbone.shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0),
    classes: options.classes,
    trainExamples: train.labels.length,
    valExamples: val?.labels.length ?? 0,
    folds: recipe.folds,
    epochs: recipe.epochs,
    steps: stepsInAll(plan),
    microBatchSize: context.microBatchSize,
    ...(plan.memory.recompute && { recompute: true }),
    ...(keptShare !== undefined && { keptShare }),
    resumedAt: stepsDone(state.position),
    state,
  };
}
