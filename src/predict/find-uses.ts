/** Finds what an adapter did with images while it was trained: by their contents, or by its seed where it does not record them. */

import type { Adapter } from "../adapter/adapter.ts";
import { type ImageUse, useOf } from "../adapter/trained-images.ts";
import type { Dataset, Example } from "../datasets/dataset.ts";
import { contentHash } from "../datasets/duplicates.ts";
import { eachFile } from "../files/each-file.ts";
import type { UseCounts } from "../reports/evaluation.ts";
import type { ClassifyOptions } from "./classify.ts";
import { rebuildSplit } from "./rebuild-split.ts";

/** What was done with each image, and how that is known. */
export interface Uses {
  readonly knownBy: UseCounts["knownBy"];
  readonly of: (path: string) => ImageUse;
}

export interface FindUsesOptions extends Pick<ClassifyOptions, "signal" | "onProgress"> {
  readonly adapter: Pick<Adapter, "images" | "labels" | "training"> | undefined;
  /** What the examples are of. */
  readonly dataset: Dataset;
}

/** Reads the examples' files where the adapter records its images. Nothing where it cannot be known. */
export async function findUses(
  examples: readonly Example[],
  { adapter, dataset, signal, onProgress }: FindUsesOptions,
): Promise<Uses | undefined> {
  if (!adapter) return undefined;
  const { images } = adapter;
  if (!images) {
    const rebuilt = await rebuildSplit(adapter, dataset, { signal });
    return rebuilt && { knownBy: "seed", of: (path) => rebuilt.get(path) ?? "new" };
  }
  const paths = [...new Set(examples.map(({ path }) => path))];
  const tell = (done: number, total: number) =>
    onProgress?.({ type: "progress", label: "comparing images", done, total, unit: "images" });
  const hashes = await eachFile(paths, contentHash, { signal, onProgress: tell });
  const uses = new Map(
    paths.map((path, at) => {
      const hash = hashes[at];
      return [path, hash === undefined ? "new" : useOf(hash, images)];
    }),
  );
  return { knownBy: "content", of: (path) => uses.get(path) ?? "new" };
}

/** How many of the evaluated examples were trained on, and how many of the others got their own label. */
export function countUses(
  examples: readonly Example[],
  { uses, predictions }: { readonly uses: Uses; readonly predictions: readonly number[] },
): UseCounts {
  let [trainedOn, validated, heldOutCorrect] = [0, 0, 0];
  for (const [at, { path, label }] of examples.entries()) {
    const use = uses.of(path);
    if (use === "trained") trainedOn++;
    else if (predictions[at] === label) heldOutCorrect++;
    if (use === "validated") validated++;
  }
  return { trainedOn, validated, heldOutCorrect, knownBy: uses.knownBy };
}
