/** The graph of a prediction: the same `vit()` as in training, without masks and without a loss. */

import { type Graph, input } from "../graph/value.ts";
import { once } from "../model/frozen.ts";
import type { VitConfig } from "../model/model.ts";
import { head, vit, type WeightOf } from "../model/vit.ts";

export interface PredictGraphOptions {
  readonly config: VitConfig;
  readonly batchSize: number;
  /** Whether `weights` has a head. */
  readonly withHead: boolean;
}

/** Input `images` [batch, 3, height, width]; outputs `feature` [batch, D] and, with a head, `logits` [batch, classes]. */
export function predictGraph(weights: WeightOf, { config, batchSize, withHead }: PredictGraphOptions): Graph {
  const each = once(weights);
  const { feature } = vit(input("images", [batchSize, 3, ...config.imageSize]), each, config);
  return { outputs: withHead ? { feature, logits: head(feature, each) } : { feature } };
}
