/** Batches images from concurrent callers, so that they share runs of the graph. */

import type { Session } from "../engine/engine.ts";

export interface AnswerQueueOptions {
  /** The session that takes so many images per run; asked for when it is needed. */
  readonly session: (batchSize: number) => Promise<Session>;
  /** The most images that one run takes. */
  readonly batchSize: number;
}

interface Waiting {
  readonly numbers: Float32Array;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (logits: Float32Array) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * A run starts when a batch is full, or when no image is still being decoded that could join it. A single image runs alone,
 * without padding; other partial batches are padded.
 */
export class PredictionQueue {
  readonly #options: AnswerQueueOptions;
  readonly #waiting: Waiting[] = [];
  #preparing = 0;
  #running = false;

  constructor(options: AnswerQueueOptions) {
    this.#options = options;
  }

  /** Logits of the image that `preparing` will give as numbers [3, height, width]. An image that nobody wants is left out. */
  async answer(preparing: Promise<Float32Array>, signal?: AbortSignal): Promise<Float32Array> {
    this.#preparing++;
    const numbers = await preparing.finally(() => {
      this.#preparing--;
      // After the image was queued, or failed to decode.
      setImmediate(() => this.#begin());
    });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ numbers, signal, resolve, reject });
    });
  }

  #begin(): void {
    const { batchSize } = this.#options;
    const isDue = this.#waiting.length >= batchSize || (this.#preparing === 0 && this.#waiting.length > 0);
    if (this.#running || !isDue) return;
    this.#running = true;
    void this.#run(this.#waiting.splice(0, batchSize)).finally(() => {
      this.#running = false;
      this.#begin();
    });
  }

  async #run(taken: readonly Waiting[]): Promise<void> {
    const batch = taken.filter(({ signal, reject }) => {
      if (signal?.aborted) reject(signal.reason);
      return !signal?.aborted;
    });
    if (batch.length === 0) return;
    try {
      const session = await this.#options.session(batch.length === 1 ? 1 : this.#options.batchSize);
      const logits = await runBatch(
        session,
        batch.map(({ numbers }) => numbers),
      );
      for (const [row, { resolve }] of batch.entries()) resolve(logits(row));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}

/** Runs images as the first rows of a batch; gives the logits of each. */
async function runBatch(
  session: Session,
  rows: readonly Float32Array[],
): Promise<(row: number) => Float32Array> {
  const images = session.buffer("images");
  let at = 0;
  for (const numbers of rows) {
    images.set(numbers, at);
    at += numbers.length;
  }
  const batchSize = images.length / (at / rows.length);
  const { logits } = await session.run({ images });
  if (logits === undefined) throw new Error("internal: the session has no output logits.");
  const classes = logits.length / batchSize;
  return (row) => logits.slice(row * classes, (row + 1) * classes);
}
