/** A loaded model: it predicts and evaluates until it is closed. */

import { abortable } from "../abortable.ts";
import type { Adapter } from "../adapter/adapter.ts";
import { isUnknown } from "../calibration/unknown.ts";
import type { Dataset } from "../datasets/dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { FileError, InputError } from "../errors.ts";
import { checkCounts, shown } from "../files/check-count.ts";
import { checkOptions, type KnownOptions } from "../files/check-options.ts";
import { type ImageSource, nameOf, type ReadSource, readSource } from "../images/image-source.ts";
import { type ImageStore, openImageStore } from "../images/image-store.ts";
import type { Model } from "../model/model.ts";
import { byteTable, normaliseInto } from "../preprocessing/normalise.ts";
import { splitSteps } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import { type Agreement, AgreementMeter } from "./agreement.ts";
import { ClassifierSessions, type PredictionPrecision } from "./classifier-sessions.ts";
import { type EvaluateOptions, evaluate, type ModelEvaluation } from "./evaluate.ts";
import { sigmoids, softmax, topK } from "./metrics.ts";
import type { OpenedModel } from "./open-model.ts";
import { orderedPrefetch } from "./ordered-prefetch.ts";
import { PredictionQueue } from "./prediction-queue.ts";

export interface LabelProbability {
  readonly label: string;
  /** From 0 to 1. */
  readonly probability: number;
}

/** The labels of an image, most likely first, or why it cannot be read. */
export type Prediction =
  | {
      readonly image: ImageSource;
      readonly labels: readonly LabelProbability[];
      /** Whether it is probably none of the labels; undefined where the model has no threshold. */
      readonly unknown?: boolean | undefined;
      readonly error?: undefined;
    }
  | {
      readonly image: ImageSource;
      readonly labels?: undefined;
      readonly unknown?: undefined;
      readonly error: FileError | InputError;
    };

export interface PredictOptions {
  /** How many labels an image gets; 5 where left out. */
  readonly topK?: number;
  readonly signal?: AbortSignal | undefined;
}

const known: KnownOptions<PredictOptions> = { topK: true, signal: true };

/** One image or many; a stream of images is read as fast as they are answered. */
export type ImageSources = ImageSource | Iterable<ImageSource> | AsyncIterable<ImageSource>;

export interface LoadedParts extends OpenedModel {
  readonly engine: Engine;
  /** The most images that one run takes. */
  readonly batchSize: number;
  /** fp32 where left out. */
  readonly precision?: PredictionPrecision | undefined;
  /** How many images are to be predicted, where that is known. */
  readonly expectedImages?: number | undefined;
  /** Decoded images, where its owner shares them. */
  readonly store?: ImageStore | undefined;
  /** Closes what was opened for this model alone. */
  readonly release: () => Promise<void>;
}

/** Images that are answered in float32 too where predictions are in int8: of those predicted, and of an evaluation. */
const mostPredicted = 64;
const mostEvaluated = 256;

/** Made by `load`. Calls may overlap: their images share runs. Close it when done, or declare it with `await using`. */
export class LoadedModel implements AsyncDisposable {
  readonly labels: readonly string[];
  readonly model: Model;
  readonly adapter: Adapter | undefined;
  readonly preprocessing: readonly Step[];
  /** What was inferred or taken for granted, for the user to see. */
  readonly notes: readonly string[];

  readonly #parts: LoadedParts;
  readonly #queue: PredictionQueue;
  readonly #sessions: ClassifierSessions;
  /** Of all predictions; absent where they are in float32 anyway. */
  readonly #agreement: AgreementMeter | undefined;
  /** Calls that have not ended yet. */
  readonly #underWay = new Set<Promise<unknown>>();
  #store: ImageStore | undefined;
  #closing: Promise<void> | undefined;

  constructor(parts: LoadedParts) {
    this.#parts = parts;
    this.#store = parts.store;
    this.labels = parts.labels;
    this.model = parts.model;
    this.adapter = parts.adapter;
    this.preprocessing = parts.preprocessing;
    this.notes = parts.notes;
    this.#sessions = new ClassifierSessions(parts);
    this.#agreement = this.#meter({ most: mostPredicted, expected: parts.expectedImages });
    this.#queue = new PredictionQueue({
      session: (batchSize) => this.#sessions.get(batchSize),
      batchSize: parts.batchSize,
      compare: (count, answered) => this.#agreement?.add(count, answered),
    });
  }

  /** Under `precision: "int8"`, how often predictions so far have the label that float32 gives, on up to 64 of the images. */
  get agreement(): Agreement | undefined {
    return this.#agreement?.read();
  }

  /**
   * The labels of images, in their order, as soon as they are known. An image that cannot be read gives its error and stops
   * nothing. A few batches are prepared ahead of the reader.
   */
  async *predict(images: ImageSources, options: PredictOptions = {}): AsyncGenerator<Prediction, void, void> {
    checkOptions(options, { verb: "predict", known });
    const { topK: count = 5, signal } = options;
    checkCounts({ topK: count });
    const sources = sourcesOf(images);
    const left = new AbortController();
    const wanted = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
    const { batchSize } = this.#parts;
    const predictOne = (image: ImageSource) =>
      this.#track(this.#predictOne(image, { count, signal: wanted }));
    try {
      yield* orderedPrefetch(sources, predictOne, { ahead: 2 * batchSize + 4, signal });
    } finally {
      left.abort();
    }
  }

  /** How good it is on labelled images: a folder, a list or a data set that was read. */
  evaluate(data: string | Dataset, options: EvaluateOptions = {}): Promise<ModelEvaluation> {
    const session = (batchSize: number) => this.#sessions.get(batchSize);
    const meter = (expected: number) => this.#meter({ most: mostEvaluated, expected });
    if (this.#parts.scores === "sigmoid" && this.labels.length > 1)
      return Promise.reject(
        new InputError(
          `${this.model.id} answers for each label by itself, with any number of labels per image; evaluate compares one label per image. Train an adapter on it for that.`,
        ),
      );
    return this.#track(this.#whileOpen(() => evaluate(data, { ...this.#parts, session, meter }, options)));
  }

  /** Waits for running calls, then frees memory and threads. Later calls are refused. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    const releases = [...this.#sessions.releases()];
    releases.push(async () => this.#agreement?.close());
    if (this.#store !== this.#parts.store) releases.push(async () => this.#store?.close());
    // One after the other, the engine last; a failure keeps nothing else open.
    const failures: unknown[] = [];
    for (const release of [...releases, this.#parts.release])
      await release().catch((failure: unknown) => failures.push(failure));
    if (failures.length > 0) throw failures[0];
  }

  async #whileOpen<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closing) throw new InputError("The model is closed. Load it again.");
    return work();
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    const end = () => this.#underWay.delete(work);
    work.then(end, end);
    return work;
  }

  #meter(images: { readonly most: number; readonly expected: number | undefined }) {
    if (this.#parts.precision !== "int8") return undefined;
    return new AgreementMeter({
      ...images,
      session: () => this.#sessions.exact(1),
      probabilities: (logits) => this.#probabilities(logits),
    });
  }

  #probabilities(logits: Float32Array): Float64Array {
    return this.#parts.scores === "sigmoid" ? sigmoids(logits) : softmax(logits);
  }

  #predictOne(
    image: ImageSource,
    { count, signal }: { readonly count: number; readonly signal: AbortSignal },
  ): Promise<Prediction> {
    return this.#whileOpen(async () => {
      // Whatever comes slowly, such as an upload, is waited for before others are.
      const read = await readOr(() => readSource(image, { signal }));
      if (isReadError(read)) return { image, error: read };
      const preparing = this.#prepare(read, signal);
      const failed = preparing.then(
        () => undefined,
        (error: unknown) => error,
      );
      const logits = this.#queue.answer(preparing, signal);
      logits.catch(() => {}); // told below
      const problem = await failed;
      if (isReadError(problem)) return { image, error: problem };
      const labels = this.#best(await logits, { count, where: nameOf(read, {}) });
      const { unknown: rule } = this.adapter ?? {};
      const [best] = labels;
      return { image, labels, ...(rule && best && { unknown: isUnknown(rule, best.probability) }) };
    });
  }

  /** [3, height, width], as the model takes it. */
  async #prepare(read: ReadSource, signal: AbortSignal): Promise<Float32Array> {
    // Predictions meet most images once, so there is nothing to keep.
    this.#store ??= openImageStore({ cacheBytes: 0 });
    const { deterministic, rest } = splitSteps(this.preprocessing);
    const source = read.type === "path" ? read.path : read.type === "bytes" ? read.bytes : read.image;
    const image = await abortable(this.#store.load(source, deterministic, { signal }), signal);
    const numbers = new Float32Array(3 * image.width * image.height);
    normaliseInto(numbers, image, { table: byteTable(rest) });
    return numbers;
  }

  #best(logits: Float32Array, { count, where }: { readonly count: number; readonly where: string }) {
    const probabilities = this.#probabilities(logits);
    // Pixels are whole numbers of a byte, so only weights can be the cause.
    if (!probabilities.every(Number.isFinite)) {
      const whose = this.adapter ? `${this.model.id} or of the adapter` : this.model.id;
      throw new FileError(
        `${where}: the model's answer is NaN or infinite, not a probability. The weights of ${whose} are damaged; get them again, or train again with a lower learning rate.`,
      );
    }
    return topK(probabilities, count).map((index) => ({
      label: this.labels[index] as string,
      probability: probabilities[index] as number,
    }));
  }
}

const isReadError = (error: unknown): error is FileError | InputError =>
  error instanceof FileError || error instanceof InputError;

/** What `work` gives, or the error that says why an image cannot be read. */
async function readOr<T>(work: () => Promise<T>): Promise<T | FileError | InputError> {
  try {
    return await work();
  } catch (error) {
    if (isReadError(error)) return error;
    throw error;
  }
}

/** Strings, bytes and streams can be iterated over too, but each of them is one image. */
function sourcesOf(images: ImageSources): Iterable<ImageSource> | AsyncIterable<ImageSource> {
  if (typeof images === "string" || images instanceof Uint8Array || images instanceof ReadableStream)
    return [images];
  if (typeof images !== "object" || images === null)
    throw new InputError(
      `predict takes a path, a file: URL, bytes, a Blob, a ReadableStream, pixels as { width, height, data }, or an iterable of these; got ${shown(images)}.`,
    );
  return Symbol.iterator in images || Symbol.asyncIterator in images ? images : [images];
}
