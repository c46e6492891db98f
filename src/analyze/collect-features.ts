/** The features of images in a base or an adapted model: after each block, what the head reads, and the head's answers. */

import type { Adapter } from "../adapter/adapter.ts";
import { calibratedTensors } from "../adapter/head.ts";
import { batches } from "../datasets/batches.ts";
import type { Example } from "../datasets/dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { reshape, slice } from "../graph/ops.ts";
import { type Graph, input, type Value } from "../graph/value.ts";
import type { ImageStore } from "../images/image-store.ts";
import { adaptedLayers } from "../methods/adapted-layers.ts";
import { methodOf } from "../methods/methods.ts";
import { backboneOf } from "../model/architectures.ts";
import { affineOf, dense, weightLayers } from "../model/layers.ts";
import type { Model } from "../model/model.ts";
import { constantsOf } from "../model/weight-constants.ts";
import type { Step } from "../preprocessing/steps.ts";
import type { Features } from "../spectra/cka.ts";
import { microBatchFor } from "../train/micro-batch.ts";

export interface FeatureSource {
  readonly model: Model;
  /** Without one, the features are the base's. */
  readonly adapter?: Adapter | undefined;
  /** Sizes that the adapter was trained with. */
  readonly config: Adapter["config"];
  readonly steps: readonly Step[];
}

export interface CollectOptions {
  readonly engine: Engine;
  readonly store: ImageStore;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress: (done: number) => void;
}

export interface CollectedFeatures {
  /** Of the first token, after each block but the last. */
  readonly blocks: readonly Features[];
  readonly feature: Features;
  /** [images, classes]; empty without an adapter. */
  readonly logits: Float32Array;
}

/** In the order of the examples. */
export async function collectFeatures(
  examples: readonly Example[],
  source: FeatureSource,
  { engine, store, signal, onProgress }: CollectOptions,
): Promise<CollectedFeatures> {
  const backbone = backboneOf(source.config);
  const most = microBatchFor(backbone, { batchSize: 16, memoryBytes: Number.POSITIVE_INFINITY });
  const batchSize = Math.max(1, Math.min(most, examples.length));
  const session = await engine.compile(featureGraph(source, batchSize));
  const parts = new Map<string, Float32Array[]>();
  try {
    let done = 0;
    for await (const { images, count } of batches(examples, {
      ...{ store, steps: source.steps, batchSize },
      ...(signal && { signal }),
    })) {
      for (const [name, data] of Object.entries(await session.run({ images })))
        parts.set(name, [...(parts.get(name) ?? []), data.slice(0, (data.length / batchSize) * count)]);
      done += count;
      onProgress(done);
    }
  } finally {
    await session.close();
  }
  const features = (name: string): Features => {
    const data = joined(parts.get(name) ?? []);
    return { images: examples.length, width: data.length / examples.length, data };
  };
  return {
    blocks: Array.from({ length: backbone.blocks - 1 }, (_, block) => features(`block${block}`)),
    feature: features("feature"),
    logits: joined(parts.get("logits") ?? []),
  };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** `block0` … [batch, width], `feature` [batch, featureWidth] and, of an adapter, `logits` [batch, classes]. */
function featureGraph({ model, adapter, config }: FeatureSource, batchSize: number): Graph {
  const backbone = backboneOf(config);
  const images = input("images", [batchSize, 3, ...backbone.imageSize]);
  const frozen = constantsOf(model.weights);
  const trained = adapter && constantsOf(calibratedTensors(adapter));
  const layers =
    adapter && trained
      ? adaptedLayers({ frozen, trained, adaptation: methodOf(adapter).adaptation })
      : weightLayers(affineOf(frozen), frozen);
  const { blocks, feature } = backbone.forward(images, layers);
  const outputs: [string, Value][] = blocks
    .slice(0, -1)
    .map((block, at) => [`block${at}`, firstToken(block)]);
  outputs.push(["feature", feature]);
  if (trained) outputs.push(["logits", dense(feature, affineOf(trained)({ name: "head" }))]);
  return { outputs: Object.fromEntries(outputs) };
}

/** [batch, tokens, width] → [batch, width]. */
function firstToken(tokens: Value): Value {
  const [batch, , width] = tokens.shape as readonly [number, number, number];
  return reshape(slice(tokens, { axis: 1, from: 0, to: 1 }), [batch, width]);
}
