/** Batches images from concurrent callers, so that they share runs of the graph. */

import type { Session } from "../engine/engine.ts";
import type { Answered } from "./agreement.ts";

export interface AnswerQueueOptions {
  /** The session that takes so many images per run; asked for when it is needed. */
  readonly session: (batchSize: number) => Promise<Session>;
  /** The most images that one run takes. */
  readonly batchSize: number;
  /** Is given the images of each run and their logits, before whoever waits for these. */
  readonly compare?: (count: number, answered: (row: number) => Answered) => Promise<void> | undefined;
}

interface Waiting {
  readonly numbers: Float32Array;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (logits: Float32Array) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * A run starts as soon as an image is ready and no other run is under way; what becomes ready meanwhile shares the next
 * run. Nothing waits for an image that is still being decoded. Where less than half a batch is ready, one image runs
 * alone: a padded batch takes as long as a full one.
 */
export class PredictionQueue {
  readonly #options: AnswerQueueOptions;
  readonly #waiting: Waiting[] = [];
  #preparing = 0;
  #running = false;
  #hasBegun = false;

  constructor(options: AnswerQueueOptions) {
    this.#options = options;
  }

  /** Logits of the image that `preparing` will give as numbers [3, height, width]. An image that nobody wants is left out. */
  async answer(preparing: Promise<Float32Array>, signal?: AbortSignal): Promise<Float32Array> {
    this.#preparing++;
    const numbers = await preparing.finally(() => {
      this.#preparing--;
    });
    return new Promise((resolve, reject) => {
      this.#waiting.push({ numbers, signal, resolve, reject });
      // What is ready at the same time is queued first.
      setImmediate(() => void this.#begin());
    });
  }

  async #begin(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    if (!this.#hasBegun) await this.#compileFirst();
    for (let count = this.#dropUnwanted(); count > 0; count = this.#dropUnwanted()) {
      const batchSize = this.#runSize(count);
      await this.#run(this.#waiting.splice(0, batchSize), batchSize);
    }
    this.#running = false;
  }

  /** Before the first run, the session for what is coming is compiled; meanwhile more of it is decoded. */
  async #compileFirst(): Promise<void> {
    this.#hasBegun = true;
    const coming = this.#waiting.length + this.#preparing;
    await this.#options.session(this.#runSize(coming)).catch(() => {}); // told by the run that asks for it again
  }

  #runSize(count: number): number {
    const { batchSize } = this.#options;
    return count > 1 && count >= batchSize / 2 ? batchSize : 1;
  }

  /** Rejects images that nobody wants any more; gives how many are left. */
  #dropUnwanted(): number {
    const wanted = this.#waiting.filter(({ signal, reject }) => {
      if (signal?.aborted) reject(signal.reason);
      return !signal?.aborted;
    });
    this.#waiting.splice(0, Number.POSITIVE_INFINITY, ...wanted);
    return wanted.length;
  }

  async #run(batch: readonly Waiting[], batchSize: number): Promise<void> {
    try {
      const session = await this.#options.session(batchSize);
      const logits = await runBatch(
        session,
        batch.map(({ numbers }) => numbers),
      );
      const answered = (row: number) => ({
        image: batch[row]?.numbers ?? new Float32Array(),
        logits: logits(row),
      });
      await this.#options.compare?.(batch.length, answered);
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
