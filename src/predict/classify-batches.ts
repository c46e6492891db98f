/** Logits of many images, batch by batch as they are computed. */

import { batches } from "../datasets/batches.ts";
import type { Example } from "../datasets/dataset.ts";
import type { Session } from "../engine/engine.ts";
import type { ImageStore } from "../images/image-store.ts";
import type { Step } from "../preprocessing/steps.ts";

export interface RunOptions {
  /** Of a `classifierGraph`. */
  readonly session: Session;
  readonly store: ImageStore;
  readonly steps: readonly Step[];
  /** The session's. */
  readonly batchSize: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** Is given each run's images [batch, 3, height, width] and their logits. */
  readonly compare?: (images: Float32Array, answered: AnsweredBatch) => Promise<void> | undefined;
}

/** The result of one run of the graph. */
export interface AnsweredBatch {
  /** In the order given. */
  readonly examples: readonly Example[];
  /** [examples, classes] */
  readonly logits: Float32Array;
}

/** Logits as they come, so that any number of images takes the memory of a few batches. */
export async function* classifyBatches(
  examples: readonly Example[],
  options: RunOptions,
): AsyncGenerator<AnsweredBatch, void, void> {
  const { session, store, steps, batchSize, signal, onProgress, compare } = options;
  let done = 0;
  const common = { store, steps, batchSize, ...(signal ? { signal } : {}) };
  for await (const { images, count } of batches(examples, common)) {
    const { logits } = await session.run({ images });
    if (logits === undefined) throw new Error("internal: the session has no output logits.");
    const answered = {
      examples: examples.slice(done, done + count),
      logits: logits.subarray(0, (logits.length / batchSize) * count),
    };
    await compare?.(images, answered);
    done += count;
    onProgress?.(done, examples.length);
    yield answered;
  }
}
