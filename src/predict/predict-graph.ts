/** The graph of a prediction: the same forward pass as in training, without dropout and without a loss. */

import { type Graph, input, type Value } from "../graph/value.ts";
import type { Backbone } from "../model/backbone.ts";
import { affineOf, dense, type Layers, type ValueOf } from "../model/layers.ts";

export interface PredictGraphOptions {
  readonly layers: Layers;
  readonly batchSize: number;
  /** The head's tensors; without them there are features and no logits. */
  readonly head?: ValueOf;
  /** Where several models read the same images. */
  readonly images?: Value | undefined;
}

/** Input `images` [batch, 3, height, width]; outputs `feature` [batch, featureWidth] and, with a head, `logits` [batch, classes]. */
export function predictGraph(backbone: Backbone, options: PredictGraphOptions): Graph {
  const { layers, batchSize, head } = options;
  const { images = input("images", [batchSize, 3, ...backbone.imageSize]) } = options;
  const { feature } = backbone.forward(images, layers);
  return {
    outputs: head ? { feature, logits: dense(feature, affineOf(head)({ name: "head" })) } : { feature },
  };
}
