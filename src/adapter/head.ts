/** The classification head, which every method trains. */

import { sizeOf } from "../formats/tensor.ts";
import { type Adaptation, startZero, type Trainable } from "../methods/method.ts";
import { type Backbone, headShapes } from "../model/backbone.ts";

/** It starts at zero, as published, so that the first loss is ln(classes). */
export const headTrainables = (backbone: Pick<Backbone, "featureWidth">, classes: number): Trainable[] =>
  [...headShapes(backbone, classes)].map(([name, shape]) => ({
    name,
    shape,
    decay: name === "head.weight",
    start: startZero(sizeOf(shape)),
  }));

/** Everything that trains, the head last. */
export const allTrainables = (adaptation: Adaptation, backbone: Backbone, classes: number): Trainable[] => [
  ...adaptation.trainables(backbone),
  ...headTrainables(backbone, classes),
];
