/** Labelled image files as training examples: preprocessed when needed, augmented anew in each epoch. */

import { batches } from "../datasets/batches.ts";
import type { Example } from "../datasets/dataset.ts";
import type { ImageStore } from "../images/image-store.ts";
import { isRandom } from "../preprocessing/step-kinds.ts";
import type { Step } from "../preprocessing/steps.ts";
import { randomStream } from "../random.ts";
import type { Examples } from "../train/examples.ts";

export interface ImageExampleOptions {
  readonly store: ImageStore;
  /** Training steps, random ones among them, or those of evaluation. */
  readonly steps: readonly Step[];
  /** Those of evaluation, for the same images without what is random. */
  readonly evaluation: readonly Step[];
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** The same epoch and seed augment an image alike, wherever it stands in the order. */
export const imageExamples = (
  examples: readonly Example[],
  { store, steps, evaluation, seed, signal }: ImageExampleOptions,
): Examples => ({
  labels: examples.map(({ label }) => label),
  deterministic: !steps.some(isRandom),
  ...(steps.some(isRandom) && {
    plain: imageExamples(examples, { store, steps: evaluation, evaluation, seed, signal }),
  }),
  batches: async function* ({ epoch, ...order }) {
    const randomFor = (index: number) => randomStream(seed, "augment", epoch, index).next;
    const options = { store, steps, randomFor, ...order, ...(signal ? { signal } : {}) };
    for await (const { images, labels, count } of batches(examples, options))
      yield { numbers: images, labels, count };
  },
});
