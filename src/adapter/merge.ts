/** Base plus adapter gives plain weights: the training graph's own adapted weights, computed once and kept. */

import type { Engine } from "../engine/engine.ts";
import { FileError } from "../errors.ts";
import type { Tensor, Weight, Weights } from "../formats/tensor.ts";
import type { Value } from "../graph/value.ts";
import { chooseMethod } from "../methods/methods.ts";
import { constantsOf } from "../model/frozen.ts";
import type { Model, VitConfig } from "../model/model.ts";
import { backboneShapes } from "../model/shapes.ts";
import type { WeightOf } from "../model/vit.ts";
import type { Adapter } from "./adapter.ts";

/** The weights that `vit()` and `head()` see with an adapter on: graph values over the base's constants. */
export function adaptedWeights(base: Weights, adapter: Pick<Adapter, "method" | "tensors">): WeightOf {
  const { adaptation } = chooseMethod(adapter.method.name, adapter.method.options, "adapter");
  const trained = constantsOf(adapter.tensors);
  const adapted = adaptation.adapt(constantsOf(base), trained);
  return (name) => (name.startsWith("head.") ? trained(name) : adapted(name));
}

/**
 * Eq. 20: a plain ViT's weights that give the adapted model's logits, with nothing extra at inference. The base is not
 * changed; weights that the method leaves alone stay where they are. One block at a time, to bound memory.
 */
export async function mergeAdapter(model: Model, adapter: Adapter, engine: Engine): Promise<Weights> {
  const weights = adaptedWeights(model.weights, adapter);
  const merged = new Map<string, Weight>();
  for (const names of byBlock(model.config)) {
    const values = names.map((name) => [name, weights(name)] as const);
    for (const [name, value] of values) if (value.kind === "constant") merged.set(name, value.weight);
    const made = values.filter(([, value]) => value.kind === "op");
    for (const [name, data] of Object.entries(await compute(made, engine)))
      merged.set(name, finite(name, { shape: weights(name).shape, data }));
  }
  for (const [name, tensor] of adapter.tensors)
    if (name.startsWith("head.")) merged.set(name, finite(name, tensor));
  return merged;
}

/** A weight that is no number would turn every answer into none. */
function finite(name: string, tensor: Tensor): Tensor {
  if (tensor.data.every(Number.isFinite)) return tensor;
  throw new FileError(`merge: "${name}" is NaN or infinite with this adapter on. The adapter is damaged.`);
}

async function compute(
  values: readonly (readonly [string, Value])[],
  engine: Engine,
): Promise<Record<string, Float32Array>> {
  if (values.length === 0) return {};
  const session = await engine.compile({ outputs: Object.fromEntries(values) });
  try {
    return await session.run({});
  } finally {
    await session.close();
  }
}

function byBlock(config: VitConfig): string[][] {
  const groups = new Map<string, string[]>();
  for (const name of backboneShapes(config).keys()) {
    const [key = ""] = /^blocks\.\d+|^/.exec(name) ?? [];
    groups.set(key, [...(groups.get(key) ?? []), name]);
  }
  return [...groups.values()];
}
