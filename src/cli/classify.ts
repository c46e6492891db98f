/** What evaluate, predict and the demo share: check images, compile, run, show how far it is, close everything. */

import { type BadImage, findBadImages, renderBadImages } from "../datasets/check-images.ts";
import type { Example } from "../datasets/dataset.ts";
import { nativeEngine } from "../engine/native.ts";
import { FileError } from "../errors.ts";
import { type ImageStore, openImageStore } from "../images/image-store.ts";
import type { VitConfig } from "../model/model.ts";
import { openClassifier } from "../predict/classifier.ts";
import { classifyBatches } from "../predict/run-classifier.ts";
import { outputSize } from "../preprocessing/output-size.ts";
import type { Step } from "../preprocessing/steps.ts";
import { microBatchFor } from "../train/micro-batch.ts";
import { interruption } from "./exit.ts";
import type { Opened } from "./open-model.ts";
import { chooseProgressMode, openProgress, type ProgressMode } from "./progress.ts";
import { slowly } from "./slow-progress.ts";

export interface ClassifyOptions {
  readonly label: string;
  readonly json: boolean;
  /** By default as suits the model. */
  readonly batchSize?: number | undefined;
  readonly threads?: number | undefined;
  /** Name damaged images as they come and leave them out; otherwise all are checked before the first is classified. */
  readonly skipBadImages: boolean;
  /** By default as suits the terminal. */
  readonly progressMode?: ProgressMode | undefined;
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

/** The same for programs: a line of JSON for each image that was left out. */
export const skippedLines = (bad: readonly BadImage[]): string =>
  bad.map(({ path, reason }) => `${JSON.stringify({ type: "skipped", path, reason })}\n`).join("");

/** Batch after batch; memory does not grow with the number of images where damaged ones are skipped. */
export async function* classify(
  opened: Opened,
  asked: readonly Example[],
  options: ClassifyOptions,
): AsyncGenerator<ClassifiedBatch, void, void> {
  const engine = nativeEngine(options.threads ? { threads: options.threads } : {});
  // Each image is read once where none is checked beforehand, so there is nothing to keep.
  const store = openImageStore(options.skipBadImages ? { cacheBytes: 0 } : {});
  const mode = options.progressMode ?? chooseProgressMode(process.stderr, options);
  const progress = openProgress({ mode });
  try {
    const { preprocessing: steps, model, adapter } = opened;
    const { label, batchSize: wanted = suitableBatch(model.config) } = options;
    const batchSize = Math.max(1, Math.min(wanted, asked.length));
    // First what fails soonest: another base, no head, too little memory.
    const session = await openClassifier({ model, adapter, engine, batchSize, signal: interruption });
    if (!options.skipBadImages)
      await refuseBadImages(asked, {
        store,
        steps,
        onProgress: slowly(progress, { label: "checking images" }),
      });
    const skipping = skippingStore(store, steps);
    const onProgress = slowly(progress, { label });
    const run = { session, store: skipping, steps, batchSize, signal: interruption, onProgress };
    for await (const answered of classifyBatches(asked, run)) {
      const batch = withoutBad(answered, skipping.reasons);
      for (const { reason } of batch.bad) progress.print(`skipped: ${reason}`);
      yield batch;
    }
  } finally {
    progress.close();
    await store.close();
    await engine.close();
  }
}

interface Checking {
  readonly store: ImageStore;
  readonly steps: readonly Step[];
  readonly onProgress: (done: number, total: number) => void;
}

async function refuseBadImages(
  examples: readonly Example[],
  { store, steps, onProgress }: Checking,
): Promise<void> {
  const bad = await findBadImages([{ examples, steps }], { store, signal: interruption, onProgress });
  if (bad.length > 0)
    throw new FileError(
      `${renderBadImages(bad)}\nRemove or mend them, or leave them out with --skip-bad-images.`,
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
        if (!(error instanceof FileError)) throw error;
        reasons.set(path, error.message);
        return { width, height, pixels: new Uint8Array(width * height * 3) };
      }
    },
  };
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

/** As many images as a run answers in a few seconds, since only between runs can it be interrupted. */
const suitableBatch = (config: VitConfig): number => microBatchFor(config, 16, Number.POSITIVE_INFINITY);
