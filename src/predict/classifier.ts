/** The graph that classifies: base, and adapter where there is one. */

import type { Adapter } from "../adapter/adapter.ts";
import { calibratedTensors } from "../adapter/head.ts";
import { InputError } from "../errors.ts";
import { add, log, mul, softmax } from "../graph/ops.ts";
import { type Graph, input, scalar, type Value } from "../graph/value.ts";
import { adaptedLayers } from "../methods/adapted-layers.ts";
import { methodOf } from "../methods/methods.ts";
import { backboneOf } from "../model/architectures.ts";
import { affineOf, weightLayers } from "../model/layers.ts";
import type { Model } from "../model/model.ts";
import { constantsOf } from "../model/weight-constants.ts";
import { needed } from "../needed.ts";
import { predictGraph } from "./predict-graph.ts";

export interface ClassifierGraphOptions {
  readonly model: Model;
  /** Without one, the model's own head answers. */
  readonly adapter?: Adapter | undefined;
  /** Adapters that answer together; `adapter` then only sums them up. */
  readonly members?: readonly Adapter[] | undefined;
  /** Images per run; shorter batches are padded by the caller. */
  readonly batchSize: number;
}

/** Refuses a model that only an adapter's head could make a classifier of. */
export function checkHead({ id, config, problem }: Model): void {
  if (problem === "regression")
    throw new InputError(
      `${id} was trained for regression, so its head gives numbers that are no classes. Name an adapter that was trained on it.`,
    );
  if (config.classes === 0)
    throw new InputError(
      `${id} has no head, so it cannot classify by itself. Name an adapter that was trained on it.`,
    );
}

/** Outputs `logits` [batch, classes], calibrated where the adapter is, and `feature` [batch, D] of base and adapter, which must fit; an ensemble has no one feature. */
export function classifierGraph({ model, adapter, members, batchSize }: ClassifierGraphOptions): Graph {
  const backbone = backboneOf(adapter?.config ?? model.config);
  const frozen = constantsOf(model.weights);
  if (!adapter) {
    const layers = weightLayers(affineOf(frozen), frozen);
    return predictGraph(backbone, { layers, batchSize, head: frozen });
  }
  const graphOf = (member: Adapter, images?: Value) => {
    const trained = constantsOf(calibratedTensors(member));
    const layers = adaptedLayers({ frozen, trained, adaptation: methodOf(member).adaptation });
    return predictGraph(backboneOf(member.config), { layers, batchSize, head: trained, images });
  };
  if (!members) return graphOf(adapter);
  const images = input("images", [batchSize, 3, ...backbone.imageSize]);
  return { outputs: { logits: meanLogits(members.map((member) => graphOf(member, images))) } };
}

/** Logits whose softmax is the mean of the members' probabilities: the log of that mean. */
function meanLogits(members: readonly Graph[]): Value {
  const shares = members.map(({ outputs: { logits } }) =>
    mul(softmax(needed(logits, "logits of a member")), scalar(1 / members.length)),
  );
  // A probability that float32 rounds to 0 has no logarithm.
  return log(shares.reduce(add, scalar(1e-30)));
}
