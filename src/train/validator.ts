/** Accuracy and loss on validation images, with the current trained tensors, and the logits that they come of. */

import type { Engine } from "../engine/engine.ts";
import { matrixFlops } from "../graph/flops.ts";
import { type Graph, input } from "../graph/value.ts";
import { adaptedLayers } from "../methods/adapted-layers.ts";
import type { Adaptation, Trainable } from "../methods/method.ts";
import type { Backbone } from "../model/backbone.ts";
import { affineOf, dense, type ValueOf } from "../model/layers.ts";
import { crossEntropy, type Predictions } from "../predict/metrics.ts";
import { predictGraph } from "../predict/predict-graph.ts";
import type { OptimizerState } from "./adamw.ts";
import { keptParameter } from "./blend.ts";
import type { EpochValidation } from "./epochs.ts";
import type { Examples } from "./examples.ts";
import { inferenceBatch } from "./features.ts";
import { countCorrect } from "./step.ts";
import { inputsFor } from "./train-graph.ts";
import { openSample } from "./validation-sample.ts";

export interface Validation {
  /** Mean cross-entropy; not finite where a logit is not. */
  readonly loss: number;
  /** Percent of the examples. */
  readonly top1: number;
  /** The logits of the examples, or of a sample of very many; absent where the scores are of several models. */
  readonly sample?: Predictions;
}

export interface Validator {
  /** Yields the number of examples done, and returns their accuracy and loss. */
  readonly validate: (state: OptimizerState, examples: Examples) => AsyncGenerator<number, Validation, void>;
  /** Of the matrix products. */
  readonly flopsPerImage: number;
  readonly close: () => Promise<void>;
}

export interface ValidatorOptions {
  readonly backbone: Backbone;
  readonly frozen: ValueOf;
  readonly adaptation: Adaptation;
  readonly trainables: readonly Trainable[];
  readonly classes: number;
  /** What examples feed. */
  readonly input: "images" | "features";
  readonly engine: Engine;
  /** How much of training is kept, and so validated. */
  readonly blend: number;
  /** The most examples that are validated at once. */
  readonly examples: number;
}

/** Compiles the prediction graph once, trained tensors being inputs. */
export async function openValidator(options: ValidatorOptions): Promise<Validator> {
  const batchSize = Math.min(inferenceBatch, options.examples);
  const graph = validationGraph(options, batchSize);
  const session = await options.engine.compile(graph);
  const { classes, input, blend } = options;
  return {
    validate: async function* (state, examples) {
      const order = [...examples.labels.keys()];
      const trained = Object.fromEntries(
        [...state].map(([name, moments]) => [name, keptParameter(moments, blend)]),
      );
      const sample = openSample(examples.labels, classes);
      let [seen, loss, correct] = [0, 0, 0];
      for await (const batch of examples.batches({ order, epoch: 0, batchSize })) {
        const { logits } = await session.run({ ...trained, [input]: batch.numbers });
        if (!logits) throw new Error("internal: the graph gave no logits.");
        for (const [row, label] of batch.labels.subarray(0, batch.count).entries()) {
          const own = logits.subarray(row * classes, (row + 1) * classes);
          loss += crossEntropy(own, label);
          sample.add(own);
        }
        correct += countCorrect(logits, batch, classes);
        seen += batch.count;
        yield seen;
      }
      return { loss: loss / seen, top1: (100 * correct) / seen, sample: sample.predictions };
    },
    flopsPerImage: matrixFlops(graph) / batchSize,
    close: () => session.close(),
  };
}

/** Validates each epoch on the same examples. */
export const validationOn = (
  examples: Examples,
  { validator, signal }: { readonly validator: Validator; readonly signal?: AbortSignal | undefined },
): EpochValidation => ({
  examples: examples.labels.length,
  scores: async function* (parameters) {
    const validating = validator.validate(parameters, examples);
    const total = examples.labels.length;
    for (let next = await validating.next(); ; next = await validating.next()) {
      if (next.done) return next.value;
      signal?.throwIfAborted();
      yield { type: "progress", label: "validating", unit: "images", done: next.value, total };
    }
  },
});

function validationGraph(options: ValidatorOptions, batchSize: number): Graph {
  const { backbone, frozen, adaptation, trainables } = options;
  const trained = inputsFor(trainables);
  if (options.input === "images")
    return predictGraph(backbone, {
      layers: adaptedLayers({ frozen, trained, adaptation }),
      ...{ batchSize, head: trained },
    });
  const features = input("features", [batchSize, backbone.featureWidth]);
  return { outputs: { logits: dense(features, affineOf(trained)({ name: "head" })) } };
}
