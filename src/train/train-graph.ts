/** One graph for a training step: the adapted ViT, the loss, and a gradient for every trainable. */

import { grad } from "../graph/grad.ts";
import { type Graph, type InputValue, input, type Value } from "../graph/value.ts";
import type { Adaptation, Trainable } from "../methods/method.ts";
import { constantsOf, once } from "../model/frozen.ts";
import type { Model } from "../model/model.ts";
import { type Branch, head, vit } from "../model/vit.ts";
import { dropRates } from "./dropout.ts";
import { crossEntropy } from "./loss.ts";

/** Where dropout draws: every number of a residual branch, as the official code does, or one for each image. */
export type DropKind = "element" | "path";

export interface TrainGraphOptions {
  readonly model: Model;
  readonly adaptation: Adaptation;
  /** Backbone's and head's. */
  readonly trainables: readonly Trainable[];
  readonly classes: number;
  /** Images in one run of the graph. */
  readonly batchSize: number;
  readonly drop: { readonly rate: number; readonly kind: DropKind };
}

export interface TrainGraph {
  /**
   * Inputs `images` [batch, 3, height, width] (or `features` [batch, D]), `targets` [batch, classes], a mask a branch and every trainable;
   * outputs `loss`, `logits` [batch, classes] and `gradient:` + name.
   */
  readonly graph: Graph;
  /** Masks to feed, with the probability that each number is dropped. */
  readonly masks: readonly { readonly input: InputValue; readonly rate: number }[];
}

export const gradientName = (trainable: string): string => `gradient:${trainable}`;

/** The whole step. */
export function trainGraph(options: TrainGraphOptions): TrainGraph {
  const { model, adaptation, batchSize, drop } = options;
  const trained = inputsFor(options.trainables);
  const weights = once(adaptation.adapt(constantsOf(model.weights), trained));
  const masks: { input: InputValue; rate: number }[] = [];
  const rates = dropRates(drop.rate, model.config.depth);
  const mask = (block: number, branch: Branch, shape: readonly number[]): Value | undefined => {
    const rate = rates[block] ?? 0;
    if (rate === 0) return undefined;
    const drawn = drop.kind === "path" ? [shape[0] ?? 0, 1, 1] : shape;
    const made = input(`mask:${block}.${branch}`, drawn);
    masks.push({ input: made, rate });
    return made;
  };
  const images = input("images", [batchSize, 3, ...model.config.imageSize]);
  const { feature } = vit(images, weights, model.config, { mask });
  return { graph: withLoss(feature, trained, options), masks };
}

/** The head alone, on features computed before. */
export function headGraph(options: Omit<TrainGraphOptions, "adaptation" | "drop">): TrainGraph {
  const features = input("features", [options.batchSize, options.model.config.width]);
  return { graph: withLoss(features, inputsFor(options.trainables), options), masks: [] };
}

function withLoss(
  feature: Value,
  trained: (name: string) => Value,
  { trainables, batchSize, classes }: Pick<TrainGraphOptions, "trainables" | "batchSize" | "classes">,
): Graph {
  const logits = head(feature, trained); // [batch, classes]
  const loss = crossEntropy(logits, input("targets", [batchSize, classes]));
  const gradients = grad(
    loss,
    trainables.map(({ name }) => trained(name)),
  );
  const named = trainables.map(({ name }, index) => [gradientName(name), gradients[index] ?? loss] as const);
  return { outputs: { loss, logits, ...Object.fromEntries(named) } };
}

/** A graph input for each trainable, by name. */
export function inputsFor(trainables: readonly Trainable[]): (name: string) => Value {
  const inputs = new Map(trainables.map(({ name, shape }) => [name, input(name, shape)]));
  return (name) => {
    const value = inputs.get(name);
    if (!value) throw new Error(`internal: "${name}" is not trained.`);
    return value;
  };
}
