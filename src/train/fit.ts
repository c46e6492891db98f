/** Training without a folder: a model, a method, examples, a recipe and an engine give a stream of events. */

import { sizeOf } from "../formats/tensor.ts";
import type { Trainable } from "../methods/method.ts";
import { Closers } from "./closers.ts";
import { type Prepared, runEpochs, stepsPerEpoch } from "./epochs.ts";
import type { FitEvent, FitStartEvent, FitState } from "./fit-events.ts";
import { type FitOptions, type FitPlan, planFit } from "./fit-plan.ts";
import { openSources, type Sources, startFromProbe } from "./fit-sources.ts";
import { microBatchFor } from "./micro-batch.ts";
import { startState } from "./start-state.ts";
import type { StepContext } from "./step.ts";
import { balancedWeights } from "./targets.ts";
import { headGraph, type TrainGraph, trainGraph } from "./train-graph.ts";
import { openValidator } from "./validator.ts";

export type { FitOptions } from "./fit-plan.ts";

/** Trains and ends with `done`. Raising `signal` throws its reason; the state of the last event is where it stands. */
export async function* fit(options: FitOptions): AsyncGenerator<FitEvent, void, void> {
  const plan = planFit(options);
  const closers = new Closers();
  try {
    const sources = yield* openSources(plan);
    const prepared = await prepare(plan, sources, closers);
    yield startEvent(plan, prepared);
    const { features } = sources;
    const probed = plan.recipe.start === "probe" && !options.resume && features;
    const started = probed ? yield* startFromProbe(plan, { prepared, features }) : prepared.state;
    yield* runEpochs({ ...prepared, state: started });
  } finally {
    await closers.close();
  }
}

async function prepare(plan: FitPlan, sources: Sources, closers: Closers): Promise<Prepared> {
  const { options, recipe, trainables } = plan;
  const { model, resume, readWeight, keep = true, signal } = options;
  const context = await compileStep(plan, sources, closers);
  const { backbone, frozen, chosen } = plan;
  const shared = { backbone, frozen, trainables, adaptation: chosen.adaptation, input: sources.input };
  const common = { ...shared, classes: options.classes, engine: options.engine };
  const validator = sources.val && closers.add(await openValidator(sources.val, common));
  const { seed } = recipe;
  const state = resume ?? {
    position: start,
    parameters: await startState(trainables, { weights: model.weights, seed, readWeight }),
  };
  return { context, recipe, train: sources.train, val: sources.val, validator, state, keep, signal };
}

const start: FitState["position"] = {
  ...{ epoch: 0, stepInEpoch: 0, step: 0, lossSum: 0, correct: 0, seen: 0, finished: false },
};

async function compileStep(plan: FitPlan, { input, train }: Sources, closers: Closers): Promise<StepContext> {
  const { recipe, trainables, options } = plan;
  const { classes, engine } = options;
  const microBatchSize = settleMicroBatch(plan, input);
  const { graph, random } = buildGraph(plan, { input, batchSize: microBatchSize });
  const session = closers.add(await engine.compile(graph));
  const { labelSmoothing, clipNorm, weightDecay, seed } = recipe;
  return {
    ...{ session, random, trainables, classes, microBatchSize, input },
    ...{ labelSmoothing, clipNorm, weightDecay, seed },
    classWeights: recipe.classWeights === "balanced" ? balancedWeights(train.labels, classes) : undefined,
  };
}

function buildGraph(
  { backbone, frozen, trainables, chosen, recipe, options: { classes } }: FitPlan,
  { input, batchSize }: { input: Sources["input"]; batchSize: number },
): TrainGraph {
  const parts = { backbone, trainables, classes, batchSize };
  if (input === "features") return headGraph(parts);
  const drop = {
    rate: recipe.dropout || recipe.dropPath,
    kind: recipe.dropPath > 0 ? "path" : "element",
  } as const;
  const consistency =
    recipe.consistency > 0 ? { weight: recipe.consistency, noise: recipe.consistencyNoise } : undefined;
  return trainGraph({ ...parts, frozen, adaptation: chosen.adaptation, drop, consistency });
}

function settleMicroBatch({ recipe, backbone, options }: FitPlan, input: Sources["input"]): number {
  const { batchSize, microBatchSize, consistency } = recipe;
  if (microBatchSize > 0) return microBatchSize;
  if (input === "features") return batchSize;
  const { memoryBytes = Number.POSITIVE_INFINITY } = options;
  return microBatchFor(backbone, { batchSize, memoryBytes, passes: consistency > 0 ? 2 : 1 });
}

function startEvent(
  { chosen, trainables, recipe, backbone, options }: FitPlan,
  { context, state, train, val }: Prepared,
): FitStartEvent {
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
    epochs: recipe.epochs,
    steps: stepsPerEpoch(train.labels.length, recipe) * recipe.epochs,
    microBatchSize: context.microBatchSize,
    resumedAt: state.position.step,
    state,
  };
}
