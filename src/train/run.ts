/** The slow part of a run's beginning: images checked, features computed, graphs compiled, state new or as it was left. */

import { totalmem } from "node:os";
import type { Adapter } from "../adapter/adapter.ts";
import { findBadImages, renderBadImages } from "../datasets/check-images.ts";
import type { Example } from "../datasets/dataset.ts";
import { checkClasses } from "../datasets/describe-dataset.ts";
import { FileError, InputError } from "../errors.ts";
import { sizeOf } from "../formats/tensor.ts";
import { type ImageStore, openImageStore } from "../images/image-store.ts";
import { backboneShapes } from "../model/shapes.ts";
import { evaluationSteps } from "../preprocessing/evaluation-steps.ts";
import type { OptimizerState } from "./adamw.ts";
import type { Position } from "./checkpoint.ts";
import type { TrainEvent } from "./events.ts";
import { type ExampleSource, featureSource, imageSource, inferenceBatch, isStill } from "./example-source.ts";
import { type MetricsFile, openMetricsFile } from "./metrics-file.ts";
import { microBatchFor } from "./micro-batch.ts";
import type { OpenedRun } from "./open-run.ts";
import { hashContents, type RunConfig } from "./run-config.ts";
import { freshState } from "./start-state.ts";
import type { StepContext } from "./step.ts";
import { balancedWeights } from "./targets.ts";
import { headGraph, trainGraph } from "./train-graph.ts";
import { openValidator, type Validator } from "./validator.ts";

/** Everything the loop needs. */
export interface Run extends OpenedRun {
  readonly metrics: MetricsFile;
  readonly context: StepContext;
  readonly source: ExampleSource;
  readonly validator: Validator | undefined;
  readonly state: OptimizerState;
  readonly position: Position;
  readonly trainExamples: readonly Example[];
  readonly valExamples: readonly Example[];
  readonly stepsPerEpoch: number;
  /** Numbers of the backbone. */
  readonly backboneSize: number;
  /** An adapter's unchanging parts. */
  readonly adapter: Omit<Adapter, "tensors" | "training">;
  /** Ends what was opened here; the folder stays open. */
  readonly close: () => Promise<void>;
}

type Emit = (event: TrainEvent) => void;
interface Splits {
  readonly train: readonly Example[];
  readonly val: readonly Example[];
}

/** Ends, in the reverse order of their opening, what a run opens; what has failed before may fail again, unheard. */
class Closers {
  private readonly list: (() => Promise<void>)[] = [];

  add<T extends { readonly close: () => Promise<void> }>(opened: T): T {
    this.list.push(() => opened.close());
    return opened;
  }

  async close(): Promise<void> {
    for (const close of this.list.splice(0).reverse()) await close().catch(() => {});
  }
}

/** Fails before anything is trained, if at all. What it opened is closed again when it fails. */
export async function prepareRun(opened: OpenedRun, emit: Emit): Promise<Run> {
  const closers = new Closers();
  try {
    return await prepare(opened, { closers, emit });
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function prepare(opened: OpenedRun, { closers, emit }: { closers: Closers; emit: Emit }): Promise<Run> {
  const { options, folder, recipe, choice, trainables, config, earlier, resumed } = opened;
  const { model, dataset } = options;
  const store = options.store ?? closers.add(openImageStore());
  const splits = await usableExamples(opened, { store, emit });
  const files = await hashContents(dataset.root, splits, options.signal);
  if (earlier?.settled && earlier.settled.files !== files)
    throw new InputError(
      `${folder.path}: this run began with other images: some have changed since, or can or cannot be read now. Restore them to resume, or give another folder as --out.`,
    );
  const stepsPerEpoch = Math.ceil(splits.train.length / recipe.batchSize);
  const position = resumed?.position ?? start;
  if (position.step !== position.epoch * stepsPerEpoch + position.stepInEpoch)
    throw new FileError(
      `${folder.paths.checkpoint} is damaged: step ${position.step} is not in epoch ${position.epoch + 1}. Remove it to begin the run anew.`,
    );
  const cached = isCached(opened);
  const microBatchSize = earlier?.settled?.microBatchSize ?? settleMicroBatch(opened, cached);
  const source = await openSource(opened, { splits, store, emit, cached });
  const context = closers.add(await compileStep(opened, { source, microBatchSize, train: splits.train }));
  const validator = await compileValidator(opened, { source, val: splits.val });
  if (validator) closers.add(validator);
  await folder.writeConfig({ ...config, settled: { microBatchSize, files } } satisfies RunConfig);
  const metrics = closers.add(await openMetricsFile(folder.paths.metrics, { keep: position.lines }));
  if (options.resume && !earlier)
    emit({ type: "note", message: `${folder.path} holds no run yet; a new one begins.` });
  if (earlier && !resumed)
    emit({ type: "note", message: `${folder.path} holds no saved state; the run begins anew.` });
  return {
    ...opened,
    ...{ metrics, context, source, validator, position, stepsPerEpoch },
    state: resumed?.state ?? (await freshState(model, trainables, recipe.seed)),
    trainExamples: splits.train,
    valExamples: splits.val,
    backboneSize: [...backboneShapes(model.config).values()].reduce((sum, shape) => sum + sizeOf(shape), 0),
    adapter: {
      base: config.model,
      method: choice,
      labels: dataset.classes,
      preprocessing: options.preprocessing,
      config: { ...model.config, classes: dataset.classes.length },
    },
    close: () => closers.close(),
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

async function usableExamples(
  { options, recipe }: OpenedRun,
  { store, emit }: { store: ImageStore; emit: Emit },
): Promise<Splits> {
  const { dataset, preprocessing: steps, skipBadImages = false, signal } = options;
  const { train, val } = dataset.splits;
  const onProgress = (done: number, total: number) =>
    emit({ type: "progress", label: "checking images", done, total, unit: "images" });
  const parts = [
    { examples: train, steps },
    { examples: val, steps: evaluationSteps(steps) },
  ];
  const bad = await findBadImages(parts, { store, onProgress, ...(signal ? { signal } : {}) });
  if (bad.length > 0 && !skipBadImages)
    throw new FileError(
      `${renderBadImages(bad)}\nRemove or mend them, or leave them out with --skip-bad-images.`,
    );
  if (bad.length > 0)
    emit({ type: "note", message: renderBadImages(bad).replace("cannot be used", "left out") });
  const paths = new Set(bad.map(({ path }) => path));
  const good = (examples: readonly Example[]) => examples.filter(({ path }) => !paths.has(path));
  const usable = { train: good(train), val: good(val) };
  if (usable.train.length === 0) throw new InputError(`${dataset.root}: there is no image to train on.`);
  checkClasses(dataset, usable.train);
  if (recipe.select === "val" && usable.val.length === 0)
    throw new InputError(
      `${dataset.root}: there is no validation image to choose the best epoch by. Give more images, or --select last.`,
    );
  return usable;
}

/** Where the backbone stays as it is and sees the same pixels every epoch, its features are computed once. */
const isCached = ({ adaptation, recipe, options: { model, preprocessing } }: OpenedRun): boolean =>
  adaptation.trainables(model.config).length === 0 &&
  isStill(preprocessing) &&
  recipe.dropout === 0 &&
  recipe.dropPath === 0;

function settleMicroBatch({ recipe, options: { model } }: OpenedRun, cached: boolean): number {
  if (recipe.microBatchSize > 0) return recipe.microBatchSize;
  const memory = Math.min(totalmem(), process.constrainedMemory?.() || totalmem());
  return cached ? recipe.batchSize : microBatchFor(model.config, recipe.batchSize, memory);
}

function openSource(
  { options: { model, engine, preprocessing, signal }, recipe }: OpenedRun,
  { splits, store, emit, cached }: { splits: Splits; store: ImageStore; emit: Emit; cached: boolean },
): ExampleSource | Promise<ExampleSource> {
  const options = { ...splits, store, steps: preprocessing, seed: recipe.seed, signal };
  if (!cached) return imageSource(options);
  const onProgress = (done: number, total: number) =>
    emit({ type: "progress", label: "computing features", done, total, unit: "images" });
  return featureSource({ ...options, model, engine, onProgress });
}

async function compileStep(
  { options: { model, dataset, engine }, recipe, adaptation, trainables }: OpenedRun,
  {
    source,
    microBatchSize,
    train,
  }: { source: ExampleSource; microBatchSize: number; train: Splits["train"] },
): Promise<StepContext & { close: () => Promise<void> }> {
  const classes = dataset.classes.length;
  const parts = { model, adaptation, trainables, classes, batchSize: microBatchSize };
  const drop = {
    rate: recipe.dropout || recipe.dropPath,
    kind: recipe.dropPath > 0 ? "path" : "element",
  } as const;
  const { graph, masks } = source.input === "features" ? headGraph(parts) : trainGraph({ ...parts, drop });
  const session = await engine.compile(graph);
  const labels = train.map(({ label }) => label);
  const { labelSmoothing, clipNorm, weightDecay, seed } = recipe;
  return {
    ...{ session, masks, spent: {}, trainables, classes, microBatchSize, input: source.input },
    ...{ labelSmoothing, clipNorm, weightDecay, seed },
    classWeights: recipe.classWeights === "balanced" ? balancedWeights(labels, classes) : undefined,
    close: () => session.close(),
  };
}

async function compileValidator(
  { options: { model, dataset, engine }, adaptation, trainables }: OpenedRun,
  { source, val }: { source: ExampleSource; val: Splits["val"] },
): Promise<Validator | undefined> {
  if (val.length === 0) return undefined;
  const classes = dataset.classes.length;
  const batchSize = Math.min(inferenceBatch, val.length);
  return openValidator({ model, adaptation, trainables, classes, source, engine, batchSize });
}
