/** How often answers in 8 bits are those of float32: some of the images are answered in both. */

import type { Session } from "../engine/engine.ts";
import { topK } from "./metrics.ts";

/** Of the images that were answered in both. */
export interface Agreement {
  readonly images: number;
  /** How many got the same label first. */
  readonly same: number;
  /** Of all labels' probabilities. */
  readonly largestDifference: number;
  /** How many got their own label; absent where that is not known. */
  readonly correct?: { readonly int8: number; readonly fp32: number };
}

export interface AgreementOptions {
  /** Opens a session in float32 for one image, which is closed when enough are compared. */
  readonly session: () => Promise<Session>;
  /** Images to compare. */
  readonly most: number;
  /** Of how many, where that is known: those compared then lie evenly among them, instead of being the first. */
  readonly expected?: number | undefined;
  readonly probabilities: (logits: Float32Array) => ArrayLike<number>;
}

/** An image, what it was answered in 8 bits, and its class where that is known. */
export interface Answered {
  /** [3, height, width] */
  readonly image: Float32Array;
  readonly logits: Float32Array;
  readonly label?: number | undefined;
}

export class AgreementMeter {
  readonly #options: AgreementOptions;
  readonly #stride: number;
  #session: Promise<Session> | undefined;
  #seen = 0;
  #images = 0;
  #same = 0;
  #difference = 0;
  #labelled = 0;
  #correct = { int8: 0, fp32: 0 };

  constructor(options: AgreementOptions) {
    this.#options = options;
    this.#stride = Math.max(1, Math.floor((options.expected ?? 0) / options.most));
  }

  /** Compares those of `count` more images whose turn it is. */
  async add(count: number, answered: (row: number) => Answered): Promise<void> {
    for (let row = 0; row < count; row++) {
      const chosen = this.#seen++ % this.#stride === 0 && this.#images < this.#options.most;
      if (chosen) await this.#compare(answered(row));
    }
    if (this.#images >= this.#options.most) await this.close();
  }

  /** Nothing where no image was compared. */
  read(): Agreement | undefined {
    if (this.#images === 0) return undefined;
    return {
      ...{ images: this.#images, same: this.#same, largestDifference: this.#difference },
      ...(this.#labelled === this.#images && { correct: { ...this.#correct } }),
    };
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await (await session)?.close();
  }

  async #compare({ image, logits, label }: Answered): Promise<void> {
    this.#session ??= this.#options.session();
    const session = await this.#session;
    const images = session.buffer("images");
    images.set(image);
    const { logits: exact } = await session.run({ images });
    if (exact === undefined) throw new Error("internal: the session has no output logits.");
    const { probabilities } = this.#options;
    const [fast, slow] = [probabilities(logits), probabilities(exact)];
    const [[given], [wanted]] = [topK(logits, 1), topK(exact, 1)];
    for (let at = 0; at < slow.length; at++)
      this.#difference = Math.max(
        this.#difference,
        Math.abs((fast[at] ?? Number.NaN) - (slow[at] ?? Number.NaN)),
      );
    this.#images++;
    if (given === wanted) this.#same++;
    if (label === undefined) return;
    this.#labelled++;
    if (given === label) this.#correct.int8++;
    if (wanted === label) this.#correct.fp32++;
  }
}
