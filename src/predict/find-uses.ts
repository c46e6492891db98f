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

type Trained = Pick<Adapter, "images" | "labels" | "training">;

export interface FindUsesOptions extends Pick<ClassifyOptions, "signal" | "onProgress"> {
  readonly adapter: Trained | undefined;
  /** Adapters that answer beside it: an image is trained on where any of them was. */
  readonly others?: readonly Trained[] | undefined;
  /** What the examples are of. */
  readonly dataset: Dataset;
}

/** Reads the examples' files where the adapter records its images. Nothing where it cannot be known. */
export async function findUses(
  examples: readonly Example[],
  { adapter, others = [], ...options }: FindUsesOptions,
): Promise<Uses | undefined> {
  if (!adapter) return undefined;
  const hashes = hashesOf(examples, options);
  const all: Uses[] = [];
  for (const one of [adapter, ...others]) {
    const uses = await usesOfOne(one, { ...options, hashes });
    if (!uses) return undefined;
    all.push(uses);
  }
  const [first] = all;
  if (!first || all.length === 1) return first;
  return {
    knownBy: all.some(({ knownBy }) => knownBy === "seed") ? "seed" : "content",
    of: (path) => {
      const found = all.map((uses) => uses.of(path));
      return (["trained", "validated"] as const).find((use) => found.includes(use)) ?? "new";
    },
  };
}

type Hashes = () => Promise<ReadonlyMap<string, string | undefined>>;

/** Read once, and only if an adapter records its images. */
function hashesOf(
  examples: readonly Example[],
  { signal, onProgress }: Pick<FindUsesOptions, "signal" | "onProgress">,
): Hashes {
  let known: ReturnType<Hashes> | undefined;
  const tell = (done: number, total: number) =>
    onProgress?.({ type: "progress", label: "comparing images", done, total, unit: "images" });
  return () => {
    const paths = [...new Set(examples.map(({ path }) => path))];
    known ??= eachFile(paths, contentHash, { signal, onProgress: tell }).then(
      (hashes) => new Map(paths.map((path, at) => [path, hashes[at]])),
    );
    return known;
  };
}

async function usesOfOne(
  adapter: Trained,
  { dataset, signal, hashes }: Pick<FindUsesOptions, "dataset" | "signal"> & { readonly hashes: Hashes },
): Promise<Uses | undefined> {
  const { images } = adapter;
  if (!images) {
    const rebuilt = await rebuildSplit(adapter, dataset, { signal });
    return rebuilt && { knownBy: "seed", of: (path) => rebuilt.get(path) ?? "new" };
  }
  const known = await hashes();
  const uses = new Map(
    [...known].map(([path, hash]) => [path, hash === undefined ? "new" : useOf(hash, images)]),
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
