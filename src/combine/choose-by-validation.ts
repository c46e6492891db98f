/** How each of several combinations does on validation images, which choose among them and calibrate what is chosen. */

import type { Adapter } from "../adapter/adapter.ts";
import type { Dataset, Example } from "../datasets/dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import { type ImageStore, openImageStore } from "../images/image-store.ts";
import { backboneOf } from "../model/architectures.ts";
import type { Model } from "../model/model.ts";
import { classifierGraph } from "../predict/classifier.ts";
import { type ClassifyOptions, classify } from "../predict/classify.ts";
import { findUses } from "../predict/find-uses.ts";
import { matchLabels } from "../predict/match-labels.ts";
import { scorePredictions } from "../predict/scorer.ts";
import { microBatchFor } from "../train/micro-batch.ts";

export interface ValidationImages {
  readonly examples: readonly Example[];
  /** What they are: the validation split, or training images that no adapter was trained on. */
  readonly split: "val" | "held-out";
}

export interface Validated extends ValidationImages {
  readonly logits: Float32Array;
  readonly labels: readonly number[];
  readonly correct: number;
  readonly top1: number;
  readonly loss: number;
}

type Working = Pick<ClassifyOptions, "signal" | "onProgress">;

/** Never test images, and none that an adapter was trained on. */
export async function chooseValidation(
  dataset: Dataset,
  { adapters, ...options }: Working & { readonly adapters: readonly Adapter[] },
): Promise<ValidationImages> {
  const { train, val } = dataset.splits;
  const [split, all] = val.length > 0 ? (["val", val] as const) : (["held-out", train] as const);
  const [adapter, ...others] = adapters;
  const uses = await findUses(all, { ...options, adapter, others, dataset });
  if (!uses && split === "held-out")
    throw new InputError(
      (show) =>
        `${dataset.root} has no validation split, and which of its images the adapters were trained on is not known. Give data with a validation split with ${show("data")}.`,
    );
  const examples = uses ? all.filter(({ path }) => uses.of(path) !== "trained") : all;
  if (examples.length === 0)
    throw new InputError(
      (show) =>
        `${dataset.root}: the adapters were trained on all of its ${all.length} ${split === "val" ? "validation" : "training"} images, so none can validate. Give others with ${show("data")}.`,
    );
  return { examples, split };
}

export interface ValidateParts extends Working {
  readonly model: Model;
  readonly engine: Engine;
  readonly dataset: Dataset;
  readonly store: ImageStore;
}

export async function validate(
  adapter: Adapter,
  images: ValidationImages,
  { model, engine, dataset, store, signal, onProgress }: ValidateParts,
): Promise<Validated> {
  const { labels: names, preprocessing } = adapter;
  const examples = matchLabels(images.examples, { from: dataset.classes, to: names, where: dataset.root });
  const batchSize = Math.min(
    examples.length,
    microBatchFor(backboneOf(adapter.config), { batchSize: 16, memoryBytes: Number.POSITIVE_INFINITY }),
  );
  const session = await engine.compile(classifierGraph({ model, adapter, batchSize }));
  const parts = {
    model,
    adapter,
    preprocessing,
    labels: names,
    batchSize,
    store,
    session: async () => session,
  };
  const logits = new Float32Array(examples.length * names.length);
  try {
    let done = 0;
    for await (const batch of classify(examples, parts, { signal, onProgress })) {
      logits.set(batch.logits, done);
      done += batch.logits.length;
    }
  } finally {
    await session.close();
  }
  const labels = examples.map(({ label }) => label);
  const { correct, top1, loss } = scorePredictions({ logits, labels, classes: names.length });
  return { ...images, logits, labels, correct, top1, loss };
}

/** The store's images serve every combination. */
export const withStore = async <T>(work: (store: ImageStore) => Promise<T>): Promise<T> => {
  const store = openImageStore();
  try {
    return await work(store);
  } finally {
    await store.close();
  }
};
