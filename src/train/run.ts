/** A run made ready: folder locked, options settled, images checked, graphs compiled, state new or as it was left. */

import { createHash } from "node:crypto";
import { totalmem } from "node:os";
import { join, relative } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type Adapter, allTrainables } from "../adapter/adapter.ts";
import type { Adaptation, Trainable } from "../adapter/method.ts";
import { chooseMethod, type MethodChoice } from "../adapter/methods.ts";
import { findBadImages, renderBadImages } from "../data/check-images.ts";
import type { Dataset, Example } from "../data/dataset.ts";
import { type ImageStore, openImageStore } from "../data/image-store.ts";
import type { Step } from "../data/steps.ts";
import type { Engine } from "../engine/engine.ts";
import { FileError, InputError } from "../errors.ts";
import { isStored, sizeOf } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { hashWeights } from "../model/hash.ts";
import type { Model } from "../model/model.ts";
import { backboneShapes } from "../model/shapes.ts";
import { randomStream } from "../random.ts";
import type { OptimizerState } from "./adamw.ts";
import { type Position, readCheckpoint } from "./checkpoint.ts";
import type { TrainEvent } from "./events.ts";
import {
  type ExampleSource,
  featureSource,
  imageSource,
  isStill,
  type SourceOptions,
} from "./example-source.ts";
import { microBatchFor } from "./micro-batch.ts";
import { parseRecipe, type Recipe, type RecipeInput } from "./recipe.ts";
import { openRunFolder, type RunFolder } from "./run-folder.ts";
import type { StepContext } from "./step.ts";
import { balancedWeights } from "./targets.ts";
import { headGraph, trainGraph } from "./train-graph.ts";
import { openValidator, type Validator } from "./validator.ts";

export interface TrainOptions {
  readonly model: Model;
  /** How an adapter names its base: a path or a hub id. */
  readonly baseId: string;
  /** With its validation split made, where one is wanted. */
  readonly dataset: Dataset;
  /** The run's folder; the adapter is written into its `adapter` folder. */
  readonly out: string;
  readonly method?: { readonly name: string; readonly options?: unknown };
  readonly recipe?: RecipeInput;
  /** Training steps; evaluation takes the still counterparts of random ones. */
  readonly preprocessing: readonly Step[];
  readonly engine: Engine;
  /** Leave damaged images out instead of stopping. */
  readonly skipBadImages?: boolean;
  /** Go on from the checkpoint in `out`. */
  readonly resume?: boolean;
  readonly signal?: AbortSignal;
}

/** Everything the loop needs. */
export interface Run {
  readonly folder: RunFolder;
  readonly recipe: Recipe;
  readonly choice: MethodChoice;
  readonly trainables: readonly Trainable[];
  readonly context: StepContext;
  readonly source: ExampleSource;
  readonly validator: Validator | undefined;
  readonly state: OptimizerState;
  readonly position: Position;
  readonly trainExamples: readonly Example[];
  readonly valExamples: readonly Example[];
  /** Numbers of the backbone. */
  readonly backboneSize: number;
  /** An adapter's unchanging parts. */
  readonly adapter: Omit<Adapter, "tensors" | "training">;
  readonly close: () => Promise<void>;
}

type Emit = (event: TrainEvent) => void;

/** Fails before anything is trained, if at all. What it opened is closed again when it fails. */
export async function prepareRun(options: TrainOptions, emit: Emit): Promise<Run> {
  const folder = await openRunFolder(options.out);
  const store = openImageStore();
  const close = async () => {
    await store.close();
    await folder.close();
  };
  try {
    return await prepare(options, { folder, store, close, emit });
  } catch (error) {
    await close();
    throw error;
  }
}

interface Opened {
  readonly folder: RunFolder;
  readonly store: ImageStore;
  readonly close: () => Promise<void>;
  readonly emit: Emit;
}

async function prepare(options: TrainOptions, { folder, store, close, emit }: Opened): Promise<Run> {
  const { model, dataset, preprocessing, engine, signal } = options;
  const recipe = parseRecipe(options.recipe ?? {});
  const { choice, adaptation } = chooseMethod(
    options.method?.name ?? "rlrr",
    options.method?.options,
    "method",
  );
  const classes = dataset.classes.length;
  const trainables = allTrainables(adaptation, model.config, classes);
  const sha256 = await hashWeights(model);
  const config = describe(options, { recipe, choice, sha256 });
  checkResume(folder, config, options.resume ?? false);

  const usable = await usableExamples(options, { store, emit });
  const sourceOptions: SourceOptions = { ...usable, store, steps: preprocessing, seed: recipe.seed, signal };
  if (usable.train.length === 0) throw new InputError(`${dataset.root}: there is no image to train on.`);
  if (recipe.select === "val" && usable.val.length === 0)
    throw new InputError(
      `${dataset.root}: there is no validation image to choose the best epoch by. Give more images, or --select last.`,
    );
  const cached = adaptation.trainables(model.config).length === 0 && isStill(preprocessing);
  const memory = Math.min(totalmem(), process.constrainedMemory?.() || totalmem());
  const microBatchSize =
    recipe.microBatchSize ||
    (cached ? recipe.batchSize : microBatchFor(model.config, recipe.batchSize, memory));
  if (recipe.batchSize % microBatchSize !== 0)
    throw new InputError(
      `microBatchSize must divide the batch size ${recipe.batchSize}, got ${microBatchSize}.`,
    );

  const source = cached ? await cachedFeatures(options, { sourceOptions, emit }) : imageSource(sourceOptions);
  const { context, closeStep } = await compileStep(options, {
    recipe,
    adaptation,
    trainables,
    source,
    microBatchSize,
    train: usable.train,
  });
  const validator = usable.val.length
    ? await openValidator({
        model,
        adaptation,
        trainables,
        classes,
        source,
        engine,
        batchSize: Math.min(32, usable.val.length),
      })
    : undefined;
  const resumed = options.resume
    ? await readCheckpoint(join(folder.path, "checkpoint.safetensors"), trainables)
    : undefined;
  await folder.keepLines(resumed?.position.lines ?? 0);
  await folder.write(config);
  return {
    folder,
    recipe,
    choice,
    trainables,
    context,
    source,
    validator,
    state: resumed?.state ?? (await freshState(model, trainables, recipe.seed)),
    position: resumed?.position ?? start,
    trainExamples: usable.train,
    valExamples: usable.val,
    backboneSize: [...backboneShapes(model.config).values()].reduce(
      (total, shape) => total + sizeOf(shape),
      0,
    ),
    adapter: {
      base: { id: options.baseId, sha256 },
      method: choice,
      labels: dataset.classes,
      preprocessing,
      config: { ...model.config, classes },
    },
    close: async () => {
      await closeStep();
      await validator?.close();
      await close();
    },
  };
}

const start: Position = {
  epoch: 0,
  stepInEpoch: 0,
  step: 0,
  lossSum: 0,
  correct: 0,
  seen: 0,
  lines: 0,
  seconds: 0,
  finished: false,
};

/** What a resumed run must have in common with the one it goes on from. */
function describe(
  { dataset, baseId, preprocessing }: TrainOptions,
  { recipe, choice, sha256 }: { recipe: Recipe; choice: MethodChoice; sha256: string },
): Record<string, unknown> {
  const { checkpointSeconds: _, ...training } = recipe;
  const listed = (["train", "val"] as const).map((split) =>
    dataset.splits[split].map(({ path, label }) => [relative(dataset.root, path), label]),
  );
  const files = createHash("sha256").update(JSON.stringify(listed)).digest("hex");
  return {
    version: 1,
    model: { id: baseId, sha256 },
    data: { root: dataset.root, classes: dataset.classes, files },
    method: choice,
    recipe: training,
    preprocessing,
  };
}

function checkResume({ earlier, path }: RunFolder, config: Record<string, unknown>, resume: boolean): void {
  if (earlier === undefined) return;
  if (!resume)
    throw new InputError(
      `${path} already holds a run. Add --resume to go on with it, or give another folder as --out.`,
    );
  const before = earlier as Record<string, unknown>;
  const now = JSON.parse(JSON.stringify(config));
  for (const key of Object.keys(now)) {
    // Where the base and the data lie may change; what they hold may not.
    const same = (part: unknown) =>
      key === "model" || key === "data" ? { ...(part as object), id: 0, root: 0 } : part;
    if (!isDeepStrictEqual(same(before[key]), same(now[key])))
      throw new InputError(
        `${path}: this run began with another ${key}: ${JSON.stringify(before[key])}, now ${JSON.stringify(now[key])}. Repeat its options to resume, or give another --out.`,
      );
  }
}

async function usableExamples(
  { dataset, preprocessing, skipBadImages, signal }: TrainOptions,
  { store, emit }: Pick<Opened, "store" | "emit">,
): Promise<{ train: readonly Example[]; val: readonly Example[] }> {
  const { train, val } = dataset.splits;
  const bad = await findBadImages([...train, ...val], {
    store,
    steps: preprocessing,
    ...(signal ? { signal } : {}),
    onProgress: (done, total) =>
      emit({ type: "progress", label: "checking images", done, total, unit: "images" }),
  });
  if (bad.length === 0) return { train, val };
  if (!skipBadImages)
    throw new FileError(
      `${renderBadImages(bad)}\nRemove or mend them, or leave them out with --skip-bad-images.`,
    );
  emit({ type: "note", message: renderBadImages(bad).replace("cannot be used", "left out") });
  const paths = new Set(bad.map(({ path }) => path));
  const good = (examples: readonly Example[]) => examples.filter(({ path }) => !paths.has(path));
  return { train: good(train), val: good(val) };
}

const cachedFeatures = (
  { model, engine }: TrainOptions,
  { sourceOptions, emit }: { sourceOptions: SourceOptions; emit: Emit },
): Promise<ExampleSource> =>
  featureSource({
    ...sourceOptions,
    model,
    engine,
    batchSize: Math.min(32, sourceOptions.train.length),
    onProgress: (done, total) =>
      emit({ type: "progress", label: "computing features", done, total, unit: "images" }),
  });

interface StepParts {
  readonly recipe: Recipe;
  readonly adaptation: Adaptation;
  readonly trainables: readonly Trainable[];
  readonly source: ExampleSource;
  readonly microBatchSize: number;
  readonly train: readonly Example[];
}

async function compileStep(
  { model, dataset, engine }: TrainOptions,
  { recipe, adaptation, trainables, source, microBatchSize, train }: StepParts,
): Promise<{ context: StepContext; closeStep: () => Promise<void> }> {
  const classes = dataset.classes.length;
  const parts = { model, adaptation, trainables, classes, batchSize: microBatchSize };
  const drop = {
    rate: recipe.dropout || recipe.dropPath,
    kind: recipe.dropPath > 0 ? "path" : "element",
  } as const;
  const { graph, masks } = source.input === "features" ? headGraph(parts) : trainGraph({ ...parts, drop });
  const session = await engine.compile(graph);
  const labels = train.map(({ label }) => label);
  const context = {
    ...{ session, masks, spent: {}, trainables, classes, microBatchSize, input: source.input },
    ...{ labelSmoothing: recipe.labelSmoothing, clipNorm: recipe.clipNorm },
    ...{ weightDecay: recipe.weightDecay, seed: recipe.seed },
    classWeights: recipe.classWeights === "balanced" ? balancedWeights(labels, classes) : undefined,
  };
  return { context, closeStep: () => session.close() };
}

/** Every trainable at its start, with moments of zero. */
export async function freshState(
  model: Model,
  trainables: readonly Trainable[],
  seed: number,
): Promise<OptimizerState> {
  const state = new Map();
  for (const { name, shape, start } of trainables) {
    const parameter =
      start === "frozen" ? await frozenCopy(model, name) : start(randomStream(seed, "start", name));
    state.set(name, {
      parameter,
      first: new Float32Array(sizeOf(shape)),
      second: new Float32Array(sizeOf(shape)),
    });
  }
  return state;
}

async function frozenCopy(model: Model, name: string): Promise<Float32Array> {
  const weight = model.weights.get(name);
  if (!weight) throw new FileError(`The model has no weight "${name}".`);
  return isStored(weight) ? (await readWeight(weight)).data : Float32Array.from(weight.data);
}
