/** Training without a folder: a model, a method, examples, a recipe and an engine give a stream of events. */

import { allTrainables } from "../adapter/head.ts";
import type { Engine } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import { sizeOf } from "../formats/tensor.ts";
import type { Trainable } from "../methods/method.ts";
import type { ChosenMethod, MethodRequest } from "../methods/methods.ts";
import { backboneOf } from "../model/architectures.ts";
import type { Backbone } from "../model/backbone.ts";
import type { ValueOf } from "../model/layers.ts";
import type { Model } from "../model/model.ts";
import { constantsOf } from "../model/weight-constants.ts";
import { Closers } from "./closers.ts";
import { type Prepared, runEpochs, stepsPerEpoch } from "./epochs.ts";
import { type Examples, examplesInMemory } from "./examples.ts";
import { computeFeatures, type FeatureSet } from "./features.ts";
import type { FitEvent, FitStartEvent, FitState } from "./fit-events.ts";
import { microBatchFor } from "./micro-batch.ts";
import { fitProbe } from "./probe.ts";
import type { Recipe, RecipeInput } from "./recipe.ts";
import { settleTraining } from "./settle.ts";
import { type ReadWeight, startState } from "./start-state.ts";
import type { StepContext } from "./step.ts";
import { balancedWeights } from "./targets.ts";
import { headGraph, type TrainGraph, trainGraph } from "./train-graph.ts";
import { openValidator } from "./validator.ts";

export interface FitOptions {
  /** Its head, if it has one, is not used. */
  readonly model: Pick<Model, "config" | "weights">;
  /** `defaultMethod` where left out. */
  readonly method?: MethodRequest;
  readonly classes: number;
  readonly train: Examples;
  /** Chooses the best epoch; without examples, give the recipe `select: "last"`. */
  readonly val?: Examples;
  /** The learning rate is the method's own where left out. */
  readonly recipe?: RecipeInput;
  readonly engine: Engine;
  /** Continues from this state. Its parameters are changed in place. */
  readonly resume?: FitState;
  /** Memory for activations, which decides how many images one run of the graph takes. */
  readonly memoryBytes?: number;
  /** Reads weights that lie in files, for methods that train them. */
  readonly readWeight?: ReadWeight;
  /** Whether the last event carries the tensors of the epoch kept, which costs a copy of them. */
  readonly keep?: boolean;
  readonly signal?: AbortSignal;
}

/** Trains and ends with `done`. Raising `signal` throws its reason; the state of the last event is where it stands. */
export async function* fit(options: FitOptions): AsyncGenerator<FitEvent, void, void> {
  const plan = planFit(options);
  const closers = new Closers();
  try {
    const sources = yield* openSources(plan);
    const prepared = await prepare(plan, sources, closers);
    yield startEvent(plan, prepared);
    const { features } = sources;
    const { state } = prepared;
    const probed = plan.recipe.start === "probe" && !options.resume && features;
    const started = probed ? yield* startFromProbe(plan, { state, features }) : state;
    yield* runEpochs({ ...prepared, state: started });
  } finally {
    await closers.close();
  }
}

/** Everything that is resolved before anything runs. */
interface FitPlan {
  readonly options: FitOptions;
  readonly chosen: ChosenMethod;
  readonly recipe: Recipe;
  readonly backbone: Backbone;
  readonly frozen: ValueOf;
  /** Backbone's and head's. */
  readonly trainables: readonly Trainable[];
}

function planFit(options: FitOptions): FitPlan {
  const { model, classes, train, val } = options;
  const { chosen, recipe } = settleTraining(options);
  const backbone = backboneOf(model.config);
  const trainables = allTrainables(chosen.adaptation, backbone, classes);
  for (const [name, { labels }] of Object.entries({ train, ...(val && { val }) }))
    for (const label of labels)
      if (!Number.isInteger(label) || label < 0 || label >= classes)
        throw new InputError(
          `${name}: label ${label} is not a class; with ${classes} classes it is a whole number from 0 to ${classes - 1}.`,
        );
  if (train.labels.length === 0) throw new InputError("train: there is no example to train on.");
  if (recipe.select === "val" && !val?.labels.length)
    throw new InputError(
      (show) =>
        `val: there is no validation example to choose the best epoch by. Give some, or the recipe ${show("select", "last")}.`,
    );
  if (recipe.consistency > 0 && trainables.every(({ name }) => name.startsWith("head.")))
    throw new InputError(
      `recipe: consistency acts on what a method adds to the backbone; method ${chosen.method.name} adds nothing.`,
    );
  return { options, chosen, recipe, backbone, frozen: constantsOf(model.weights), trainables };
}

/** What the training graph is fed. */
interface Sources {
  readonly input: "images" | "features";
  readonly train: Examples;
  readonly val: Examples | undefined;
  /** Of both, where they were computed. */
  readonly features: Features | undefined;
}

interface Features {
  readonly train: FeatureSet;
  readonly val: FeatureSet | undefined;
}

/**
 * Features are computed once where the backbone stays as it is and sees the same pixels in every epoch, and then are all
 * that is trained on; and where a probe starts from them.
 */
async function* openSources(plan: FitPlan): AsyncGenerator<FitEvent, Sources, void> {
  const { options, chosen, recipe, backbone } = plan;
  const { train } = options;
  const val = options.val?.labels.length ? options.val : undefined;
  const isFrozen = chosen.adaptation.trainables(backbone).length === 0;
  const cached = isFrozen && train.deterministic && recipe.dropout === 0 && recipe.dropPath === 0;
  const probed = recipe.start === "probe" && !options.resume;
  if (!cached && !probed) return { input: "images", train, val, features: undefined };
  const parts = val ? { train: train.plain ?? train, val } : { train: train.plain ?? train };
  const features = yield* featuresOf(plan, parts);
  if (!cached) return { input: "images", train, val, features };
  const [trained, validated] = [features.train, features.val];
  return {
    input: "features",
    train: examplesInMemory(trained.rows, trained.labels),
    val: validated && examplesInMemory(validated.rows, validated.labels),
    features,
  };
}

async function* featuresOf(
  { backbone, frozen, options: { engine, signal } }: FitPlan,
  { train, val }: { train: Examples; val?: Examples },
): AsyncGenerator<FitEvent, Features, void> {
  const parts = val ? [train, val] : [train];
  for await (const event of computeFeatures(parts, { backbone, frozen, engine, signal })) {
    if (event.type === "progress") yield { ...event, label: "computing features", unit: "images" };
    else {
      const [trained, validated] = event.sets;
      if (trained) return { train: trained, val: validated };
    }
  }
  throw new Error("internal: computing features ended without any.");
}

/** Puts the probe's head into the state, which then stands at an epoch of its own: the best one so far. */
async function* startFromProbe(
  { options: { classes, engine, signal }, recipe }: FitPlan,
  { state, features }: { state: FitState; features: Features },
): AsyncGenerator<FitEvent, FitState, void> {
  const began = performance.now();
  const { labels } = features.train;
  const classWeights = recipe.classWeights === "balanced" ? balancedWeights(labels, classes) : undefined;
  const probe = await fitProbe(features.train, features.val, { classes, engine, classWeights, signal });
  for (const [name, { data }] of probe.head) state.parameters.get(name)?.parameter.set(data);
  const best = features.val && { epoch: -1, ...probe.validation };
  const started: FitState = { ...state, position: { ...state.position, best } };
  const { loss: valLoss, top1: valTop1 } = probe.validation;
  yield {
    type: "probe",
    ...(features.val ? { valLoss, valTop1 } : {}),
    ...{ penalty: probe.penalty, seconds: (performance.now() - began) / 1000, state: started },
  };
  return started;
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
