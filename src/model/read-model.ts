/** Reads a pre-trained Vision Transformer from a file, a folder or the hub. */

import { basename } from "node:path";
import { type StoredTensor, sizeOf, type Tensor, type Weight } from "../formats/tensor.ts";
import type { Model } from "./model.ts";
import { configure } from "./model-hints.ts";
import { type Origin, planWeights } from "./weight-plan.ts";
import { weightShapes } from "./weight-shapes.ts";
import { openWeights } from "./weight-source.ts";

export interface ReadModelOptions {
  readonly signal?: AbortSignal;
  readonly imageSize?: number | readonly [height: number, width: number];
  readonly heads?: number;
}

export async function readModel(source: string, options: ReadModelOptions = {}): Promise<Model> {
  const tensors = await openWeights([source]);
  const plan = planWeights(tensors, source);
  const { config, labels, notes } = configure(plan, {}, { where: source, ...options });
  const shapes = weightShapes(plan.sizes);
  const place = (ours: string, origin: Origin | undefined): Weight => {
    const shape = shapes.get(ours) ?? [];
    if (origin === undefined) return { shape, data: new Float32Array(sizeOf(shape)) } satisfies Tensor;
    const stored = tensors.get(origin.source)?.stored;
    if (stored === undefined) throw new Error("not yet");
    return {
      shape,
      path: stored.path,
      offset: stored.offset + (origin.part ?? 0) * sizeOf(shape) * 4,
    } satisfies StoredTensor;
  };
  const weights = new Map([...plan.origins].map(([ours, origin]) => [ours, place(ours, origin)]));
  return { id: basename(source), config, weights, labels, notes: [...plan.notes, ...notes] };
}
