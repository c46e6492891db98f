/** What a model answers on the image of a case. */

import type { Engine } from "../src/engine/engine.ts";
import { backboneOf } from "../src/model/architectures.ts";
import { affineOf, weightLayers } from "../src/model/layers.ts";
import type { Model } from "../src/model/model.ts";
import { constantsOf } from "../src/model/weight-constants.ts";
import { predictGraph } from "../src/predict/predict-graph.ts";
import { imageOf, type ModelCase } from "./model-cases.ts";

/** The feature, and where the model has a head its logits. */
export async function answerOf(
  model: Model,
  one: ModelCase,
  engine: Engine,
): Promise<Readonly<Record<string, Float32Array>>> {
  const frozen = constantsOf(model.weights);
  const layers = weightLayers(affineOf(frozen), frozen);
  const head = model.config.classes > 0 ? { head: frozen } : {};
  const session = await engine.compile(
    predictGraph(backboneOf(model.config), { layers, batchSize: 1, ...head }),
  );
  const results = await session.run({ images: imageOf(one).data as Float32Array });
  await session.close();
  return results;
}
