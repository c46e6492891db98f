/** One graph for a training step: the adapted backbone, the loss, and a gradient for every trainable. */

import { grad } from "../graph/grad.ts";
import { add, concat, mul, slice, sub, sum } from "../graph/ops.ts";
import { recompute, type Segment } from "../graph/recompute.ts";
import { type Graph, inOrder, input, scalar, type Value } from "../graph/value.ts";
import { trainingLayers } from "../methods/adapted-layers.ts";
import type { Adaptation, Trainable } from "../methods/method.ts";
import type { Backbone } from "../model/backbone.ts";
import { affineOf, dense, type ValueOf } from "../model/layers.ts";
import { needed } from "../needed.ts";
import { crossEntropy } from "./loss.ts";
import { type Consistency, type DropKind, type RandomInput, randomInputs } from "./random-inputs.ts";

export interface TrainGraphOptions {
  readonly backbone: Backbone;
  /** The backbone's weights. */
  readonly frozen: ValueOf;
  readonly adaptation: Adaptation;
  /** Backbone's and head's. */
  readonly trainables: readonly Trainable[];
  readonly classes: number;
  /** Images per run of the graph. */
  readonly batchSize: number;
  readonly drop: { readonly rate: number; readonly kind: DropKind };
  readonly consistency?: Consistency | undefined;
  /** Whether what blocks compute is computed again for the gradient instead of being kept: slower, in less memory. */
  readonly recompute?: boolean | undefined;
}

export interface TrainGraph {
  /**
   * Inputs `images` [batch, 3, height, width] (or `features` [batch, featureWidth]), `targets` [batch, classes], masks, noise and
   * every trainable; outputs `loss`, `logits` [batch, classes] and `gradient:` + name.
   */
  readonly graph: Graph;
  /** The random inputs, fed anew in every run. */
  readonly random: readonly RandomInput[];
}

export const gradientName = (trainable: string): string => `gradient:${trainable}`;

/** The whole step. */
export function trainGraph(options: TrainGraphOptions): TrainGraph {
  const { backbone, frozen, adaptation, batchSize, drop, consistency } = options;
  const trained = inputsFor(options.trainables);
  const images = input("images", [batchSize, 3, ...backbone.imageSize]);
  const random = randomInputs({ blocks: backbone.blocks, batchSize, drop, consistency });
  const layers = trainingLayers({ frozen, trained, adaptation, mask: random.mask, noise: random.noise });
  const values = backbone.forward(consistency ? concat(images, images, 0) : images, layers);
  const blocks = options.recompute ? [values.embedded, ...values.blocks] : [];
  return { graph: withLoss(values.feature, trained, { ...options, blocks }), random: random.made };
}

/** The head alone, on features computed before. */
export function headGraph(options: Omit<TrainGraphOptions, "adaptation" | "drop" | "frozen">): TrainGraph {
  const features = input("features", [options.batchSize, options.backbone.featureWidth]);
  return { graph: withLoss(features, inputsFor(options.trainables), options), random: [] };
}

interface LossOptions
  extends Pick<TrainGraphOptions, "trainables" | "batchSize" | "classes" | "consistency" | "recompute"> {
  /** Values on the way to the feature between which all is recomputed. */
  readonly blocks?: readonly Value[];
}

function withLoss(feature: Value, trained: ValueOf, options: LossOptions): Graph {
  const { trainables, batchSize, classes, consistency, blocks = [] } = options;
  const head = affineOf(trained)({ name: "head" });
  const all = dense(feature, head); // [batch, classes], or twice as many rows
  const logits = consistency ? slice(all, { axis: 0, from: 0, to: batchSize }) : all;
  const targets = input("targets", [batchSize, classes]);
  const error = crossEntropy(logits, targets);
  const loss = consistency ? add(error, penalty(all, targets, consistency)) : error;
  const parameters = trainables.map(({ name }) => trained(name));
  const parts = partsBetween(blocks, parameters);
  const gradients = grad(loss, [...parameters, ...parts.map(({ to }) => to)]);
  const named = trainables.flatMap(({ name }, index) => {
    const gradient = gradients[index];
    return gradient ? [[gradientName(name), gradient] as const] : [];
  });
  const segments = parts.map(({ own, ...part }, index) => ({
    ...part,
    gradient: needed(gradients[parameters.length + index], "gradient of a block"),
    own: own.map((at) => needed(gradients[at], "gradient of a parameter")),
  }));
  const graph = { outputs: { loss, logits, ...Object.fromEntries(named) } };
  return segments.length > 0 ? recompute(graph, { segments, forward: [loss, logits] }) : graph;
}

/** From block to block, those that a gradient passes; `own` are the parameters that no earlier block reads. */
function partsBetween(
  blocks: readonly Value[],
  parameters: readonly Value[],
): (Pick<Segment, "from" | "to"> & { readonly own: readonly number[] })[] {
  const trained = new Set(parameters);
  const leads = new Set(parameters);
  for (const value of inOrder(blocks)) if (value.inputs.some((x) => leads.has(x))) leads.add(value);
  const seen = new Set<Value>();
  return blocks.flatMap((to, index) => {
    const own = inOrder([to]).filter((value) => trained.has(value) && !seen.has(value));
    for (const value of own) seen.add(value);
    const from = blocks[index - 1];
    return from && leads.has(to) ? [{ from, to, own: own.map((value) => parameters.indexOf(value)) }] : [];
  });
}

/** λ · mean over images of ‖logits₁ - logits₂‖²; a row of `targets` sums to its image's share of the mean. PACE, eq. 11. */
function penalty(logits: Value, targets: Value, { weight }: Consistency): Value {
  const rows = targets.shape[0] as number;
  const [first, second] = [0, rows].map((from) => slice(logits, { axis: 0, from, to: from + rows }));
  const difference = sub(first as Value, second as Value);
  const squares = sum(mul(difference, difference), [1]); // [batch, 1]
  return mul(sum(mul(squares, sum(targets, [1])), [0, 1]), scalar(weight));
}

/** A graph input for each trainable, by name. */
export function inputsFor(trainables: readonly Trainable[]): ValueOf {
  const inputs = new Map(trainables.map(({ name, shape }) => [name, input(name, shape)]));
  return (name) => {
    const value = inputs.get(name);
    if (!value) throw new Error(`internal: "${name}" is not trained.`);
    return value;
  };
}
