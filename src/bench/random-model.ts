/** A model with random weights in a file, so that they are mapped from disk as a real model's are. */

import { join } from "node:path";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import { sizeOf, type Weight, type Weights } from "../formats/tensor.ts";
import { backboneOf, type ModelConfig } from "../model/architectures.ts";
import type { Model } from "../model/model.ts";
import { randomStream } from "../random.ts";

/** Of `config`, with a head where it has classes; the file is in `folder`. */
export function randomModel(id: string, config: ModelConfig, folder: string): Promise<Model> {
  const shapes = new Map(backboneOf(config).shapes);
  if (config.classes > 0) {
    shapes.set("head.weight", [config.classes, backboneOf(config).featureWidth]);
    shapes.set("head.bias", [config.classes]);
  }
  const largest = Math.max(...[...shapes.values()].map(sizeOf));
  const noise = randomStream(1, "bench").fillUniform(new Float32Array(largest), { low: -0.03, high: 0.03 });
  const random = [...shapes].map(([key, shape]): [string, Weight] => [
    key,
    { shape, data: noise.subarray(0, sizeOf(shape)) },
  ]);
  return storedModel(
    { id, config, labels: [], notes: [] },
    new Map(random),
    join(folder, "model.safetensors"),
  );
}

/** The model with these weights, which are written to `path` and stay there. */
export async function storedModel(
  model: Omit<Model, "weights">,
  weights: Weights,
  path: string,
): Promise<Model> {
  await writeSafetensors(path, weights);
  const file = await readSafetensors(path);
  const stored = [...file.tensors].map(([key, { shape, offset }]): [string, Weight] => [
    key,
    { shape, offset, path: file.path },
  ]);
  return { ...model, weights: new Map(stored) };
}
