/** One adapter of several: their changes to the weights summed, or what they trained averaged. */

import type { Adapter, TrainingRecord } from "../adapter/adapter.ts";
import { hashAdapter } from "../adapter/hash-adapter.ts";
import { adaptedBlocks } from "../adapter/merge.ts";
import { joinImages, type TrainedImages } from "../adapter/trained-images.ts";
import type { Engine } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import type { Tensor } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { chooseMethod, type MethodChoice, methodOf } from "../methods/methods.ts";
import type { Model } from "../model/model.ts";
import { type Combined, exactRules } from "./exact-rules.ts";
import { type Part, weightedSum } from "./weighted.ts";

/** `weights`: W + Σ wᵢ·ΔWᵢ; `parameters`: Σ wᵢ·θᵢ of what was trained, a soup. */
export const combinations = ["weights", "parameters"] as const;
export type Combination = (typeof combinations)[number];

/** An adapter to combine; all have one base and the labels of the first. */
export interface Ingredient extends Part<Adapter> {
  readonly path: string;
  /** The folder of its run, which may be named. */
  readonly name: string;
}

export interface CombineParts {
  readonly by: Combination;
  /** From 0, the adapters, to 1, their base; the head stays. */
  readonly towardsBase: number;
  readonly model: Model;
  readonly engine: Engine;
}

/** Uncalibrated: a temperature belongs to the head that it was fitted to. */
export async function combineAdapters(
  ingredients: readonly Ingredient[],
  parts: CombineParts,
): Promise<Adapter> {
  const [first] = ingredients;
  if (!first) throw new Error("internal: nothing to combine.");
  const { item: adapter } = first;
  const { method, tensors } = await backboneOfAll(ingredients, parts);
  const total = ingredients.reduce((sum, { weight }) => sum + weight, 0);
  const head = [...adapter.tensors.keys()].filter((name) => name.startsWith("head."));
  const summedHead = head.map((name) => {
    const each = ingredients.map(({ weight, item }) => ({
      weight: weight / total,
      item: tensorOf(item, name),
    }));
    return [name, weightedSum(each)] as const;
  });
  const images = joinAll(ingredients.map(({ item }) => item.images));
  return {
    ...{ base: adapter.base, method, labels: adapter.labels, preprocessing: adapter.preprocessing },
    ...(adapter.ownMethod && method.name === adapter.method.name && { ownMethod: adapter.ownMethod }),
    ...{ config: adapter.config, training: recordOf(ingredients, parts) },
    ...(images && { images }),
    tensors: new Map([...tensors, ...summedHead]),
  };
}

function tensorOf(adapter: Adapter, name: string): Tensor {
  const tensor = adapter.tensors.get(name);
  if (!tensor) throw new Error(`internal: an adapter lacks "${name}".`);
  return tensor;
}

const recordOf = (ingredients: readonly Ingredient[], { by, towardsBase }: CombineParts): TrainingRecord => ({
  combined: {
    ...{ by, towardsBase },
    from: ingredients.map(({ name, weight, item }) => ({ name, sha256: hashAdapter(item), weight })),
  },
});

/** Nothing where one does not record its images, or all together are too many. */
function joinAll(all: readonly (TrainedImages | undefined)[]): TrainedImages | undefined {
  const [first, ...others] = all;
  return others.reduce<TrainedImages | undefined>(
    (joined, images) => (joined && images ? joinImages(joined, images) : undefined),
    first,
  );
}

interface BackbonePart {
  readonly method: MethodChoice;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

async function backboneOfAll(ingredients: readonly Ingredient[], parts: CombineParts): Promise<BackbonePart> {
  const { by, towardsBase } = parts;
  const [first] = ingredients;
  const choice = first?.item.method ?? { name: "linear", options: {} };
  const isOneMethod = ingredients.every(({ item }) => item.method.name === choice.name);
  const backbones = ingredients.map(({ weight, item }) => ({
    weight: weight * (1 - towardsBase),
    item: new Map([...item.tensors].filter(([name]) => !name.startsWith("head."))),
  }));
  if (by === "parameters") {
    checkParameters(ingredients, towardsBase);
    return { method: choice, tensors: averageNamed(backbones) };
  }
  for (const { path, item } of ingredients) checkMergeable(path, item, { isOneMethod, towardsBase });
  const rule = isOneMethod ? exactRules.get(choice.name) : undefined;
  const exact = rule?.({ options: ingredients.map(({ item }) => item.method.options), tensors: backbones });
  return exact ? keepMethod(choice, exact) : sumWeights(ingredients, parts);
}

const keepMethod = ({ name }: MethodChoice, { options, tensors }: Combined): BackbonePart => ({
  method: chooseMethod({ name, options }, "combine").choice,
  tensors,
});

/** Parameters can be averaged only where the same number means the same thing in each adapter. */
function checkParameters(ingredients: readonly Ingredient[], towardsBase: number): void {
  const [first] = ingredients;
  const shown = ({ name, options }: MethodChoice) => `${name} ${JSON.stringify(options)}`;
  const other = ingredients.find(({ item }) => first && shown(item.method) !== shown(first.item.method));
  if (first && other)
    throw new InputError(
      (show) =>
        `${other.path} was trained with ${shown(other.item.method)}, but ${first.path} with ${shown(first.item.method)}, so their parameters do not correspond. ${show("by", "weights")} sums what they change instead.`,
    );
  if (towardsBase > 0)
    throw new InputError(
      (show) =>
        `${show("towardsBase")} goes from weights to weights, and cannot be told in a method's parameters. Use ${show("by", "weights")}.`,
    );
}

function checkMergeable(
  path: string,
  item: Adapter,
  { isOneMethod, towardsBase }: { readonly isOneMethod: boolean; readonly towardsBase: number },
): void {
  const { method } = methodOf(item);
  if (method.unmergeable === undefined) return;
  const what = `${path}: what method ${method.name} changes is not all in weights (${method.unmergeable}), so there is nothing to sum`;
  throw new InputError((show) =>
    isOneMethod && towardsBase === 0
      ? `${what}. ${show("by", "parameters")} averages what was trained; evaluate can ask several adapters together.`
      : `${what}. Evaluate and predict can ask several adapters together instead.`,
  );
}

function averageNamed(parts: readonly Part<ReadonlyMap<string, Tensor>>[]): ReadonlyMap<string, Tensor> {
  const total = parts.reduce((sum, { weight }) => sum + weight, 0);
  return new Map(
    [...(parts[0]?.item.keys() ?? [])].map((name) => {
      const each = parts.flatMap(({ weight, item }) => {
        const tensor = item.get(name);
        return tensor ? [{ weight: weight / total, item: tensor }] : [];
      });
      return [name, weightedSum(each)];
    }),
  );
}

/** W + Σ wᵢ·(1 - t)·ΔWᵢ of every weight, as an adapter that holds them all: method `full`. One block at a time. */
async function sumWeights(
  ingredients: readonly Ingredient[],
  { model, engine, towardsBase }: CombineParts,
): Promise<BackbonePart> {
  const tensors = new Map<string, Tensor>();
  const total = ingredients.reduce((sum, { weight }) => sum + weight, 0) * (1 - towardsBase);
  const streams = ingredients.map(({ item }) => adaptedBlocks(model, item, engine));
  for (;;) {
    const blocks = await Promise.all(streams.map((stream) => stream.next()));
    const [first] = blocks;
    if (!first?.value) break;
    for (const name of first.value.keys()) {
      const own = model.weights.get(name);
      if (!own) throw new Error(`internal: the base lacks "${name}".`);
      const each = [{ weight: 1 - total, item: await readWeight(own) }];
      for (const [at, { value }] of blocks.entries()) {
        const weight = value?.get(name);
        const share = (ingredients[at]?.weight ?? 0) * (1 - towardsBase);
        if (weight) each.push({ weight: share, item: await readWeight(weight) });
      }
      tensors.set(name, weightedSum(each));
    }
  }
  return { method: chooseMethod({ name: "full" }, "combine").choice, tensors };
}
