/** The slow part of starting a run: checks every image, and compares a resumed run with its beginning. */

import { joinImages, recordImages, type TrainedImages } from "../adapter/trained-images.ts";
import { findBadImages, renderBadImages } from "../datasets/check-images.ts";
import type { Example } from "../datasets/dataset.ts";
import { checkClasses } from "../datasets/describe-dataset.ts";
import { FileError, InputError } from "../errors.ts";
import { memoryBytes } from "../files/memory.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { type ImageStore, openImageStore } from "../images/image-store.ts";
import { limits } from "../limits.ts";
import { isRandom } from "../preprocessing/step-kinds.ts";
import type { Closers } from "../train/closers.ts";
import { stepsPerEpoch } from "../train/epochs.ts";
import type { FitOptions } from "../train/fit.ts";
import { eventStream } from "./event-stream.ts";
import type { TrainEvent } from "./events.ts";
import { featureCache } from "./feature-cache.ts";
import { imageExamples } from "./image-examples.ts";
import type { OpenedRun, RunOptions } from "./open-run.ts";
import { rowsInFile } from "./row-file.ts";
import { type Contents, hashContents } from "./run-config.ts";

const randomNote =
  "Blocks below those that train are computed anew in every epoch, since training images are augmented at random. Without a random crop and flips they are computed once.";

/** A run that is ready to train. */
export interface PreparedRun extends OpenedRun {
  readonly fitOptions: FitOptions;
  readonly splits: Splits;
  /** A hash of the images' paths, labels and contents. */
  readonly files: string;
  /** Which images it trains on, for its adapter to remember; absent where they are too many. */
  readonly images: TrainedImages | undefined;
}

interface Splits {
  readonly train: readonly Example[];
  readonly val: readonly Example[];
}

type Events<Result> = AsyncGenerator<TrainEvent, Result, void>;

/** Whatever is wrong fails here, before training starts. */
export async function* prepareRun(opened: OpenedRun, closers: Closers): Events<PreparedRun> {
  const { options, folder, recipe, evaluation, earlier, resumed } = opened;
  const { model, dataset, engine, preprocessing: steps, signal } = options;
  const store = options.store ?? closers.add(openImageStore());
  const splits = yield* usableExamples(opened, store);
  const { files, hashes } = yield* readContents(dataset.root, splits, signal);
  if (earlier?.settled && earlier.settled.files !== files)
    throw new InputError(
      (show) =>
        `${folder.path}: this run began with other images: some have changed since, or can or cannot be read now. Restore them to resume, or give another folder as ${show("out")}.`,
    );
  checkPosition(opened, splits);
  const images = yield* recordContents(splits, { hashes, continued: options.continued });
  if (!earlier) for (const message of opened.reasons) yield { type: "note", message };
  if (opened.chosen.choice.options.blocks !== undefined && steps.some(isRandom))
    yield { type: "note", message: randomNote };
  if (options.resume && !earlier)
    yield { type: "note", message: `${folder.path} holds no run yet; starting a new one.` };
  if (earlier && !resumed)
    yield { type: "note", message: `${folder.path} holds no saved state; starting the run again.` };
  const common = { store, seed: recipe.seed, evaluation, signal };
  const microBatchSize = earlier?.settled?.microBatchSize ?? recipe.microBatchSize;
  const fitOptions: FitOptions = {
    model,
    method: { name: opened.chosen.method, options: opened.chosen.choice.options },
    classes: dataset.classes.length,
    train: imageExamples(splits.train, { ...common, steps }),
    val: imageExamples(splits.val, { ...common, steps: evaluation }),
    ...(options.groups && { groups: splits.train.map(({ path }) => options.groups?.get(path)) }),
    recipe: { ...recipe, microBatchSize },
    engine,
    ...(options.features !== undefined && { features: featureCache(options.features, { ...opened, files }) }),
    ...(options.startHead && { startHead: options.startHead }),
    ...(options.continued && { continueFrom: options.continued.start }),
    ...(resumed && { resume: { position: resumed.position, parameters: resumed.state } }),
    memoryBytes: memoryBytes(),
    ...(earlier?.settled
      ? { recompute: earlier.settled.recompute ?? false }
      : options.memory !== undefined && { memory: options.memory }),
    openRows: rowsInFile(folder.paths.rows),
    readWeight,
    keep: false,
    ...(signal && { signal }),
  };
  return { ...opened, fitOptions, splits, files, images };
}

function checkPosition({ folder, recipe, resumed }: OpenedRun, { train }: Splits): void {
  if (!resumed) return;
  const { step, epoch, stepInEpoch, cv } = resumed.position;
  // Each fold has an epoch of its own length.
  if (cv && cv.fold < recipe.folds) return;
  if (step !== epoch * stepsPerEpoch(train.length, recipe) + stepInEpoch)
    throw new FileError(
      `${folder.paths.checkpoint} is damaged: step ${step} is not in epoch ${epoch + 1}. Remove it to start the run again.`,
    );
}

async function* usableExamples(opened: OpenedRun, store: ImageStore): Events<Splits> {
  const { options, recipe } = opened;
  const { dataset, skipBadImages = false } = options;
  const bad = yield* checkImages(opened, store);
  if (bad.length > 0 && !skipBadImages)
    throw new FileError(
      (show) =>
        `${renderBadImages(bad)}\nRemove or repair them, or leave them out with ${show("skipBadImages")}.`,
    );
  if (bad.length > 0)
    yield { type: "note", message: renderBadImages(bad).replace("cannot be used", "left out") };
  const paths = new Set(bad.map(({ path }) => path));
  const good = (examples: readonly Example[]) => examples.filter(({ path }) => !paths.has(path));
  const { train, val } = dataset.splits;
  const usable = { train: good(train), val: good(val) };
  if (usable.train.length === 0) throw new InputError(`${dataset.root}: there is no image to train on.`);
  checkClasses(dataset, usable.train);
  if (recipe.select !== "last" && recipe.folds === 0 && usable.val.length === 0)
    throw new InputError(
      (show) =>
        `${dataset.root}: there is no validation image to choose the best epoch by. Give more images, or ${show("select", "last")}.`,
    );
  return usable;
}

type Bad = Awaited<ReturnType<typeof findBadImages>>;

async function* checkImages(
  { options: { dataset, preprocessing: steps, signal }, evaluation }: OpenedRun,
  store: ImageStore,
): Events<Bad> {
  const { train, val } = dataset.splits;
  const parts = [
    { examples: train, steps },
    { examples: val, steps: evaluation },
  ];
  let bad: Bad = [];
  yield* eventStream<TrainEvent>(async (emit, signal) => {
    const onProgress = (done: number, total: number) =>
      emit({ type: "progress", label: "checking images", done, total, unit: "images" });
    bad = await findBadImages(parts, { store, onProgress, signal });
  }, signal);
  return bad;
}

async function* readContents(
  root: string,
  splits: Splits,
  signal: AbortSignal | undefined,
): Events<Contents> {
  let contents: Contents = { files: "", hashes: new Map() };
  yield* eventStream<TrainEvent>(async (emit, signal) => {
    const onProgress = (done: number, total: number) =>
      emit({ type: "progress", label: "reading images", done, total, unit: "images" });
    contents = await hashContents(root, splits, { signal, onProgress });
  }, signal);
  return contents;
}

/** Of a run that continues, those of the adapter before too; where that is silent, so is this one. */
async function* recordContents(
  { train, val }: Splits,
  { hashes, continued }: Pick<Contents, "hashes"> & Pick<RunOptions, "continued">,
): Events<TrainedImages | undefined> {
  if (continued && !continued.images) return undefined;
  const hashesOf = (examples: readonly Example[]) => examples.map(({ path }) => hashes.get(path) as string);
  const own = recordImages({ train: hashesOf(train), validation: hashesOf(val) });
  const images = own && continued?.images ? joinImages(continued.images, own) : own;
  if (!images)
    yield {
      type: "note",
      message: `The adapter will not record which images it was trained on: they are more than ${limits.MAX_RECORDED_IMAGES.value.toLocaleString("en")}.`,
    };
  return images;
}
