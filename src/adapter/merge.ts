/** Merges an adapter into its base: the adapted weights of the training graph, computed once and stored. */

import type { Engine } from "../engine/engine.ts";
import { FileError, InputError } from "../errors.ts";
import type { Tensor, Weight, Weights } from "../formats/tensor.ts";
import type { Value } from "../graph/value.ts";
import { adaptedTensors } from "../methods/adapted-layers.ts";
import { methodOf } from "../methods/methods.ts";
import { backboneOf } from "../model/architectures.ts";
import type { LinearSite, NormSite, Structure } from "../model/backbone.ts";
import type { Model } from "../model/model.ts";
import { constantsOf } from "../model/weight-constants.ts";
import type { Adapter } from "./adapter.ts";
import { calibratedTensors } from "./head.ts";

/**
 * Eq. 20: a plain model's weights that give the adapted model's calibrated logits, with nothing extra at inference. The base is not
 * changed; weights that the method leaves alone stay where they are.
 */
export async function mergeAdapter(model: Model, adapter: Adapter, engine: Engine): Promise<Weights> {
  const { method } = methodOf(adapter);
  if (method.unmergeable !== undefined)
    throw new InputError(`An adapter of method ${method.name} cannot be merged: ${method.unmergeable}.`);
  const merged = new Map<string, Weight>();
  for await (const block of adaptedBlocks(model, adapter, engine))
    for (const [name, weight] of block) merged.set(name, weight);
  for (const [name, tensor] of calibratedTensors(adapter))
    if (name.startsWith("head.")) merged.set(name, finite(name, tensor));
  return merged;
}

/**
 * The adapted weights without the head, one block at a time, to bound memory; what does not change is the model's own weight.
 * Of a method that changes more than weights, they are not all that it does.
 */
export async function* adaptedBlocks(
  model: Model,
  adapter: Adapter,
  engine: Engine,
): AsyncGenerator<Weights, void, void> {
  const { adaptation } = methodOf(adapter);
  const trained = constantsOf(adapter.tensors);
  const { affine, parameter } = adaptedTensors({ frozen: constantsOf(model.weights), trained, adaptation });
  for (const group of byBlock(backboneOf(model.config))) {
    const values = group.flatMap((place): [string, Value][] => {
      if (typeof place === "string") return [[place, parameter(place)]];
      const { weight, bias } = affine(place);
      return [
        [`${place.name}.weight`, weight],
        [`${place.name}.bias`, bias],
      ];
    });
    const block = new Map<string, Weight>();
    for (const [name, value] of values) if (value.kind === "constant") block.set(name, value.weight);
    const made = new Map(values.filter(([, value]) => value.kind === "op"));
    for (const [name, data] of Object.entries(await compute(made, engine)))
      block.set(name, finite(name, { shape: made.get(name)?.shape ?? [], data }));
    yield block;
  }
}

/** A weight that is NaN or infinite would make every prediction NaN. */
function finite(name: string, tensor: Tensor): Tensor {
  if (tensor.data.every(Number.isFinite)) return tensor;
  throw new FileError(`merge: "${name}" is NaN or infinite with this adapter on. The adapter is damaged.`);
}

async function compute(
  values: ReadonlyMap<string, Value>,
  engine: Engine,
): Promise<Record<string, Float32Array>> {
  if (values.size === 0) return {};
  const session = await engine.compile({ outputs: Object.fromEntries(values) });
  try {
    return await session.run({});
  } finally {
    await session.close();
  }
}

/** Sites with tensors, and tensors that belong to no site, those of one block together. */
function byBlock({ sites, shapes }: Structure): (LinearSite | NormSite | string)[][] {
  const groups = new Map<number, (LinearSite | NormSite | string)[]>();
  const put = (block: number, place: LinearSite | NormSite | string) =>
    groups.set(block, [...(groups.get(block) ?? []), place]);
  const named = new Set<string>();
  for (const site of sites) {
    if (site.kind === "branch") continue;
    put(site.block, site);
    named.add(`${site.name}.weight`).add(`${site.name}.bias`);
  }
  for (const name of shapes.keys()) if (!named.has(name)) put(-1, name);
  return [...groups.values()];
}
