/** Rebuilds what an older adapter was trained on: its seed splits the same images in the same way. */

import type { TrainingRecord } from "../adapter/adapter.ts";
import type { ImageUse } from "../adapter/trained-images.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { splitTrainValidation } from "../datasets/split-train-validation.ts";

/** By path; nothing where the numbers of images show that these are not the images of its run, or where they do not tell. */
export async function rebuildSplit(
  { labels, training }: { readonly labels: readonly string[]; readonly training: TrainingRecord },
  dataset: Dataset,
  options: { readonly signal?: AbortSignal | undefined },
): Promise<ReadonlyMap<string, ImageUse> | undefined> {
  const { trainImages, select, seed, validation } = training;
  const validationImages = validation === "cross-validation" ? 0 : training.validationImages;
  const { train, val } = dataset.splits;
  if (val.length > 0 || trainImages === undefined || validationImages === undefined) return undefined;
  if (trainImages + validationImages !== train.length || dataset.classes.join("\0") !== labels.join("\0"))
    return undefined;
  if (validationImages === 0) return new Map(train.map(({ path }) => [path, "trained"]));
  if (select === "last" || typeof seed !== "number") return undefined;
  // The share was not recorded: the default, else what the numbers give.
  for (const fraction of [undefined, validationImages / train.length]) {
    const { splits } = await splitTrainValidation(dataset, {
      seed,
      ...(fraction && { fraction }),
      ...options,
    });
    if (splits.val.length !== validationImages) continue;
    return new Map([
      ...splits.train.map(({ path }) => [path, "trained"] as const),
      ...splits.val.map(({ path }) => [path, "validated"] as const),
    ]);
  }
  return undefined;
}
