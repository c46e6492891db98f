/** Features of the frozen backbone, computed once where nothing but the head trains and images stay the same. */

import type { Engine } from "../engine/engine.ts";
import { matrixFlops } from "../graph/flops.ts";
import type { Backbone } from "../model/backbone.ts";
import { affineOf, type Layers, type ValueOf, weightLayers } from "../model/layers.ts";
import { predictGraph } from "../predict/predict-graph.ts";
import type { Examples } from "./examples.ts";

/** Images per run where nothing trains: the same on every machine, so that every machine gets the same bits. */
export const inferenceBatch = 32;

/** Features [examples, width] with the class of each. */
export interface FeatureSet {
  readonly rows: Float32Array;
  readonly labels: readonly number[];
}

/** Keeps the features of one list of images for other runs on the same. */
export interface FeatureCache {
  /** Those of all examples, `length` numbers in all; nothing where they are not kept. */
  readonly load: (length: number) => Promise<Float32Array | undefined>;
  readonly save: (parts: readonly Float32Array[]) => Promise<void>;
}

export interface FeatureOptions {
  readonly backbone: Backbone;
  readonly frozen: ValueOf;
  /** Where the backbone is an adapted one. */
  readonly layers?: Layers | undefined;
  readonly engine: Engine;
  readonly signal?: AbortSignal | undefined;
}

/** The events of a pass over all examples: after each batch, and at its end. */
export type FeatureProgress =
  | {
      readonly type: "progress";
      readonly done: number;
      readonly total: number;
      /** Of the matrix products. */
      readonly flopsPerImage: number;
    }
  | { readonly type: "features"; readonly sets: readonly FeatureSet[] };

/** One pass over all `parts`, batches across their borders; ends with the features of each. */
export async function* computeFeatures(
  parts: readonly Examples[],
  { backbone, frozen, layers = weightLayers(affineOf(frozen), frozen), engine, signal }: FeatureOptions,
): AsyncGenerator<FeatureProgress, void, void> {
  const width = backbone.featureWidth;
  const total = parts.reduce((sum, { labels }) => sum + labels.length, 0);
  const rows = new Float32Array(total * width);
  const batchSize = Math.min(inferenceBatch, total);
  const graph = predictGraph(backbone, { layers, batchSize });
  const session = await engine.compile(graph);
  const flopsPerImage = matrixFlops(graph) / batchSize;
  try {
    let done = 0;
    for await (const { images, count } of packed(parts, batchSize)) {
      signal?.throwIfAborted();
      const { feature } = await session.run({ images });
      if (!feature) throw new Error("internal: the graph gave no feature.");
      rows.set(feature.subarray(0, count * width), done * width);
      done += count;
      yield { type: "progress", done, total, flopsPerImage };
    }
  } finally {
    await session.close();
  }
  yield { type: "features", sets: divideRows(rows, { parts, width }) };
}

/** The rows of each part's examples. */
export function divideRows(
  rows: Float32Array,
  { parts, width }: { readonly parts: readonly Pick<Examples, "labels">[]; readonly width: number },
): readonly FeatureSet[] {
  let from = 0;
  return parts.map(({ labels }): FeatureSet => {
    const part = rows.subarray(from * width, (from + labels.length) * width);
    from += labels.length;
    return { rows: part, labels };
  });
}

/** Every example of all parts in full batches, the last one padded. */
async function* packed(
  parts: readonly Examples[],
  batchSize: number,
): AsyncGenerator<{ images: Float32Array; count: number }> {
  for (const part of parts) {
    if (part.labels.length === 0) continue;
    const order = [...part.labels.keys()];
    for await (const { numbers, count } of part.batches({ order, epoch: 0, batchSize }))
      yield { images: numbers, count };
  }
}
