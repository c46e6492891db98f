/** Classifies labelled images batch after batch: checks them first, or leaves out those that cannot be read. */

import type { Adapter } from "../adapter/adapter.ts";
import { type BadImage, findBadImages, renderBadImages } from "../datasets/check-images.ts";
import type { Example } from "../datasets/dataset.ts";
import type { Session } from "../engine/engine.ts";
import { FileError } from "../errors.ts";
import { type ImageStore, openImageStore } from "../images/image-store.ts";
import type { Model } from "../model/model.ts";
import { needed } from "../needed.ts";
import { outputSize } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import type { ProgressEvent } from "../train/fit-events.ts";
import type { AgreementMeter } from "./agreement.ts";
import { type AnsweredBatch, classifyBatches } from "./classify-batches.ts";

/** The model that classifies. */
export interface ClassifierParts {
  readonly model: Model;
  readonly adapter: Adapter | undefined;
  /** Adapters that answer together, the first being `adapter`. */
  readonly members?: readonly Adapter[] | undefined;
  readonly preprocessing: readonly Step[];
  readonly labels: readonly string[];
  /** Images per run. */
  readonly batchSize: number;
  readonly session: (batchSize: number) => Promise<Session>;
  /** Compares answers in 8 bits with those in float32; nothing where they are in float32 anyway. */
  readonly meter?: (images: number) => AgreementMeter | undefined;
  readonly store?: ImageStore | undefined;
}

export interface ClassifyOptions {
  /** Report damaged images as they are found and skip them; otherwise all are checked before the first is classified. */
  readonly skipBadImages?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
  /** Called for each skipped image. */
  readonly onSkipped?: ((image: BadImage) => void) | undefined;
}

interface ClassifyRun extends ClassifyOptions {
  /** Compares what it is given with answers in float32. */
  readonly agreement?: AgreementMeter | undefined;
}

/** One run's results, in the order given. */
export interface ClassifiedBatch {
  /** Those whose image could be read. */
  readonly examples: readonly Example[];
  /** [examples, classes] */
  readonly logits: Float32Array;
  /** The others. */
  readonly bad: readonly BadImage[];
}

/** Batch after batch; memory does not grow with the number of images where damaged ones are skipped. */
export async function* classify(
  asked: readonly Example[],
  parts: ClassifierParts,
  options: ClassifyRun,
): AsyncGenerator<ClassifiedBatch, void, void> {
  const { preprocessing: steps, batchSize } = parts;
  const { skipBadImages = false, signal, onProgress, onSkipped, agreement } = options;
  // First what fails soonest: too little memory.
  const session = await parts.session(batchSize);
  // Each image is read once where none is checked beforehand, so there is nothing to keep.
  const store = parts.store ?? openImageStore(skipBadImages ? { cacheBytes: 0 } : {});
  try {
    if (!skipBadImages) await refuseBadImages(asked, { store, steps, options });
    const skipping = skippingStore(store, steps);
    const run = {
      session,
      store: skipping,
      steps,
      batchSize,
      onProgress: progressOf("evaluating", onProgress),
      compare: (images: Float32Array, answered: AnsweredBatch) =>
        agreement && compareWith(agreement, { images, answered, batchSize, reasons: skipping.reasons }),
    };
    for await (const answered of classifyBatches(asked, { ...run, ...(signal && { signal }) })) {
      const batch = withoutBad(answered, skipping.reasons);
      for (const image of batch.bad) onSkipped?.(image);
      yield batch;
    }
  } finally {
    if (store !== parts.store) await store.close();
  }
}

const progressOf =
  (label: string, onProgress: ClassifyOptions["onProgress"]) =>
  (done: number, total: number): void =>
    onProgress?.({ type: "progress", label, done, total, unit: "images" });

interface Checking {
  readonly store: ImageStore;
  readonly steps: readonly Step[];
  readonly options: ClassifyOptions;
}

async function refuseBadImages(
  examples: readonly Example[],
  { store, steps, options: { signal, onProgress } }: Checking,
): Promise<void> {
  const tell = progressOf("checking images", onProgress);
  const bad = await findBadImages([{ examples, steps }], {
    store,
    onProgress: tell,
    ...(signal && { signal }),
  });
  if (bad.length > 0)
    throw new FileError(
      (show) =>
        `${renderBadImages(bad)}\nRemove or repair them, or leave them out with ${show("skipBadImages")}.`,
    );
}

/** A store that gives a black image for one that cannot be read, and remembers why. */
function skippingStore(
  store: ImageStore,
  steps: readonly Step[],
): ImageStore & { readonly reasons: Map<string, string> } {
  const [height, width] = outputSize(steps);
  const reasons = new Map<string, string>();
  return {
    ...store,
    reasons,
    load: async (path, fixed) => {
      try {
        return await store.load(path, fixed);
      } catch (error) {
        if (!(error instanceof FileError) || typeof path !== "string") throw error;
        reasons.set(path, error.message);
        return { width, height, pixels: new Uint8Array(width * height * 3) };
      }
    },
  };
}

interface Compared {
  readonly images: Float32Array;
  readonly answered: AnsweredBatch;
  readonly batchSize: number;
  readonly reasons: ReadonlyMap<string, string>;
}

/** Only images that could be read count. */
function compareWith(
  agreement: AgreementMeter,
  { images, answered: { examples, logits }, batchSize, reasons }: Compared,
): Promise<void> {
  const rows = examples.flatMap(({ path, label }, row) => (reasons.has(path) ? [] : [{ row, label }]));
  const part = (numbers: Float32Array, row: number, size: number) =>
    numbers.subarray(row * size, (row + 1) * size);
  const [imageSize, classes] = [images.length / batchSize, logits.length / examples.length];
  return agreement.add(rows.length, (at) => {
    const { row, label } = needed(rows[at], "row of an image");
    return { image: part(images, row, imageSize), logits: part(logits, row, classes), label };
  });
}

/** The rows of images that could be read, and the paths of the others. */
function withoutBad(
  { examples, logits }: { examples: readonly Example[]; logits: Float32Array },
  reasons: ReadonlyMap<string, string>,
): ClassifiedBatch {
  const bad = examples.flatMap(({ path }) => {
    const reason = reasons.get(path);
    return reason === undefined ? [] : [{ path, reason }];
  });
  if (bad.length === 0) return { examples, logits, bad };
  const classes = logits.length / examples.length;
  const rows = examples.flatMap(({ path }, row) => (reasons.has(path) ? [] : [row]));
  const kept = new Float32Array(rows.length * classes);
  for (const [at, row] of rows.entries())
    kept.set(logits.subarray(row * classes, (row + 1) * classes), at * classes);
  return { examples: examples.filter(({ path }) => !reasons.has(path)), logits: kept, bad };
}
