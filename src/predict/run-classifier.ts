/** Logits for many images, batch after batch. */

import { batches } from "../datasets/batches.ts";
import type { Example } from "../datasets/dataset.ts";
import type { Session } from "../engine/engine.ts";
import type { ImageStore } from "../images/image-store.ts";
import type { Step } from "../preprocessing/steps.ts";

export interface RunOptions {
  /** From `openClassifier`. */
  readonly session: Session;
  readonly store: ImageStore;
  readonly steps: readonly Step[];
  /** The session's. */
  readonly batchSize: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** [examples, classes], in the order of `examples`; their labels are not looked at. */
export async function runClassifier(
  examples: readonly Example[],
  options: RunOptions,
): Promise<Float32Array> {
  const { session, store, steps, batchSize, signal, onProgress } = options;
  const rows: Float32Array[] = [];
  let done = 0;
  for await (const { images, count } of batches(examples, {
    store,
    steps,
    batchSize,
    ...(signal ? { signal } : {}),
  })) {
    const { logits = new Float32Array() } = await session.run({ images });
    rows.push(logits.subarray(0, (logits.length / batchSize) * count));
    done += count;
    onProgress?.(done, examples.length);
  }
  const all = new Float32Array(rows.reduce((total, row) => total + row.length, 0));
  rows.reduce((at, row) => {
    all.set(row, at);
    return at + row.length;
  }, 0);
  return all;
}
