/** Reads the features of images in many models, those of a base that several adapters share only once. */

import type { Example } from "../datasets/dataset.ts";
import type { ProgressEvent } from "../train/fit-events.ts";
import {
  type CollectedFeatures,
  type CollectOptions,
  collectFeatures,
  type FeatureSource,
} from "./collect-features.ts";

export interface FeatureReader {
  readonly read: (examples: readonly Example[], source: FeatureSource) => Promise<CollectedFeatures>;
}

export interface FeatureReaderOptions extends Omit<CollectOptions, "onProgress"> {
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
}

/** Keeps the base's features of the last set of images, for each size and way of preprocessing. */
export function openFeatureReader({ onProgress, ...options }: FeatureReaderOptions): FeatureReader {
  let known: { readonly of: readonly Example[]; readonly bases: Map<string, CollectedFeatures> } | undefined;
  const collect = (examples: readonly Example[], source: FeatureSource) =>
    collectFeatures(examples, source, {
      ...options,
      onProgress: (done) =>
        onProgress?.({
          ...{ type: "progress", label: "computing features", unit: "images" },
          ...{ done, total: examples.length },
        }),
    });
  return {
    read: async (examples, source) => {
      if (source.adapter) return collect(examples, source);
      if (known?.of !== examples) known = { of: examples, bases: new Map() };
      const { classes: _, ...sizes } = source.config;
      const key = JSON.stringify([sizes, source.steps]);
      const features = known.bases.get(key) ?? (await collect(examples, source));
      known.bases.set(key, features);
      return features;
    },
  };
}
