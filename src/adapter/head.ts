/** The classification head, which every method trains. */

import { InputError } from "../errors.ts";
import { sizeOf, type Tensor } from "../formats/tensor.ts";
import { type Adaptation, startZero, type Trainable } from "../methods/method.ts";
import { type Backbone, headShapes } from "../model/backbone.ts";
import type { Adapter } from "./adapter.ts";

/** It starts at zero, as published, so that the first loss is ln(classes). */
export const headTrainables = (backbone: Pick<Backbone, "featureWidth">, classes: number): Trainable[] =>
  [...headShapes(backbone, classes)].map(([name, shape]) => ({
    name,
    shape,
    decay: name === "head.weight",
    start: startZero(sizeOf(shape)),
  }));

/** Everything that trains, the head last. */
export function allTrainables(adaptation: Adaptation, backbone: Backbone, classes: number): Trainable[] {
  const own = adaptation.trainables(backbone);
  if (own.length === 0 && (adaptation.weight ?? adaptation.layers ?? adaptation.parameter))
    throw new InputError(
      `The method finds nothing to adapt: the model has none of its sites. Name others, or choose another method for this model; it has ${sitesIn(backbone)}.`,
    );
  const all = [...own, ...headTrainables(backbone, classes)];
  const names = new Set<string>();
  for (const { name } of all) {
    if (names.has(name))
      throw new InputError(
        `Two trainable tensors are called "${name}"; the method must give each a unique name.`,
      );
    names.add(name);
  }
  return all;
}

/** The roles of its matrices, each once. */
const sitesIn = ({ sites }: Backbone): string =>
  [...new Set(sites.flatMap(({ kind, role }) => (kind === "linear" ? [role] : [])))].join(", ");

/**
 * An adapter's tensors with the head divided by its temperature, so that a plain softmax of the logits is calibrated,
 * here and in every program that runs the merged model.
 */
export function calibratedTensors({
  tensors,
  calibration,
}: Pick<Adapter, "tensors" | "calibration">): ReadonlyMap<string, Tensor> {
  const { temperature = 1 } = calibration ?? {};
  if (temperature === 1) return tensors;
  return new Map(
    [...tensors].map(([name, tensor]) =>
      name.startsWith("head.")
        ? [name, { shape: tensor.shape, data: tensor.data.map((x) => x / temperature) }]
        : [name, tensor],
    ),
  );
}
