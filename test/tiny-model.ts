/** Tiny models and adapters with random weights, in memory. */

import type { Adapter } from "../src/adapter/adapter.ts";
import { allTrainables } from "../src/adapter/head.ts";
import { sizeOf, type Tensor } from "../src/formats/tensor.ts";
import { chooseMethod } from "../src/methods/methods.ts";
import type { ModelConfig } from "../src/model/architectures.ts";
import { backboneOf } from "../src/model/architectures.ts";
import { hashWeights } from "../src/model/hash.ts";
import type { Model } from "../src/model/model.ts";
import { defaultSteps } from "../src/preprocessing/step-list.ts";
import { randomNumbers } from "./random-numbers.ts";
import { randomWeights, tiny } from "./tiny-vit.ts";

/** A backbone with a head of its own. */
export function tinyModel(config: ModelConfig = tiny): Model {
  const weights = new Map<string, Tensor>();
  for (const [name, { shape, data }] of randomWeights(config))
    weights.set(name, { shape, data: Float32Array.from(data) });
  const labels = Array.from({ length: config.classes }, (_, index) => `own ${index}`);
  return { id: "tiny", config, weights, labels, notes: [] };
}

export interface RandomAdapterOptions {
  readonly labels?: readonly string[];
  /** The value of every element of a trained tensor; random from -0.5 to 0.5 where left out. */
  readonly fill?: (name: string) => number | undefined;
}

/** An adapter for `model` with random trained tensors. */
export async function randomAdapter(
  model: Model,
  method: { readonly name: string; readonly options?: Readonly<Record<string, unknown>> },
  { labels = ["a", "b", "c", "d"], fill = () => undefined }: RandomAdapterOptions = {},
): Promise<Adapter> {
  const { choice, adaptation } = chooseMethod(method, "test");
  const trainables = allTrainables(adaptation, backboneOf(model.config), labels.length);
  const tensors = trainables.map(({ name, shape }, index) => {
    const value = fill(name);
    const data = randomNumbers(sizeOf(shape), { seed: 100 + index, low: -0.5, high: 0.5 });
    return [name, { shape, data: value === undefined ? data : data.fill(value) }] as const;
  });
  return {
    base: { id: "someone/tiny-vit", sha256: await hashWeights(model) },
    method: choice,
    labels,
    preprocessing: defaultSteps(model.config.imageSize),
    config: { ...model.config, classes: labels.length },
    training: { epochs: 3, learningRate: 1e-3 },
    tensors: new Map(tensors),
  };
}
