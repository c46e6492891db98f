/** A real Vision Transformer of a few thousand parameters, and graphs of it that are fed everything by name. */

import type { Shape } from "../src/formats/tensor.ts";
import { log, mean, mul, neg, reshape, softmax, sum } from "../src/graph/ops.ts";
import { constant, type InputValue, input, type Value } from "../src/graph/value.ts";
import { type TrainingParts, trainingLayers } from "../src/methods/adapted-layers.ts";
import type { Adaptation } from "../src/methods/method.ts";
import { backboneOf, type ModelConfig, modelShapes } from "../src/model/architectures.ts";
import type { BackboneValues } from "../src/model/backbone.ts";
import { affineOf, dense } from "../src/model/layers.ts";
import type { VitConfig } from "../src/model/vit.ts";
import { randomNumbers } from "./random-numbers.ts";

export const tiny: VitConfig = {
  imageSize: [8, 8],
  patchSize: 4,
  width: 16,
  depth: 2,
  heads: 2,
  mlpWidth: 32,
  layerNormEps: 1e-6,
  classes: 3,
};

/** Weights of plausible size for every name of the backbone and of a head with `config.classes` rows. */
export function randomWeights(config: ModelConfig): Map<string, { shape: Shape; data: Float64Array }> {
  const shapes = [...modelShapes(config)];
  const entries = shapes.map(([name, shape], index) => {
    const count = shape.reduce((a, b) => a * b, 1);
    const near = /norm\d?\.weight$/.test(name) ? 1 : 0;
    const data = randomNumbers(count, { seed: index + 1, low: near - 0.4, high: near + 0.4 });
    return [name, { shape, data: Float64Array.from(data) }] as const;
  });
  return new Map(entries);
}

/** The inputs of a graph, each made once. */
export function namedInputs(): (name: string, shape: Shape) => InputValue {
  const made = new Map<string, InputValue>();
  return (name, shape) => {
    const value = made.get(name) ?? input(name, shape);
    made.set(name, value);
    return value;
  };
}

export interface AdaptedGraph extends BackboneValues {
  readonly logits: Value;
  /** What the method trains, and the head, by name. */
  readonly trained: ReadonlyMap<string, InputValue>;
}

export interface AdaptedOptions extends Pick<TrainingParts, "mask" | "noise"> {
  readonly config: VitConfig;
  readonly batch: number;
  /** None: the frozen model, its head too. */
  readonly adaptation?: Adaptation;
}

/** Images, frozen weights and trained tensors all fed; a trained tensor that is also frozen is fed as `trained.{name}`. */
export function adaptedGraph({
  config,
  batch,
  adaptation = { trainables: () => [] },
  ...random
}: AdaptedOptions): AdaptedGraph {
  const inputs = namedInputs();
  const shapes = modelShapes(config);
  const backbone = backboneOf(config);
  const frozen = (name: string) => inputs(name, shapes.get(name) ?? []);
  const trained = new Map<string, InputValue>();
  for (const { name, shape, start } of adaptation.trainables(backbone))
    trained.set(name, inputs(start === "frozen" ? `trained.${name}` : name, shape));
  for (const name of ["head.weight", "head.bias"]) trained.set(name, frozen(name));
  const trainedValue = (name: string) => {
    const value = trained.get(name);
    if (!value) throw new Error(`nothing named ${name} trains`);
    return value;
  };
  const layers = trainingLayers({ frozen, trained: trainedValue, adaptation, ...random });
  const values = backbone.forward(inputs("images", [batch, 3, ...config.imageSize]), layers);
  const logits = dense(values.feature, affineOf(trainedValue)({ name: "head" }));
  return { ...values, logits, trained };
}

/** Mean cross-entropy of logits [batch, classes] with whole-number labels. */
export function crossEntropy(logits: Value, labels: readonly number[]): Value {
  const classes = logits.shape[1] ?? 0;
  const targets = labels.flatMap((label) => Array.from({ length: classes }, (_, at) => +(at === label)));
  const chosen = mul(
    log(softmax(logits)),
    constant({ shape: logits.shape, data: Float32Array.from(targets) }),
  );
  return reshape(neg(mean(sum(chosen, [1]), [0])), []);
}
