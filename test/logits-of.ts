/** Logits of images as `evaluate` computes them. */

import type { Adapter } from "../src/adapter/adapter.ts";
import type { Example } from "../src/datasets/dataset.ts";
import type { Engine } from "../src/engine/engine.ts";
import type { ImageStore } from "../src/images/image-store.ts";
import type { Model } from "../src/model/model.ts";
import { classifierGraph } from "../src/predict/classifier.ts";
import { classify } from "../src/predict/classify.ts";
import type { Step } from "../src/preprocessing/steps.ts";

interface Parts {
  readonly model: Model;
  readonly adapter?: Adapter | undefined;
  readonly engine: Engine;
  readonly store: ImageStore;
  readonly preprocessing: readonly Step[];
}

/** [examples, classes], in the order of `examples`, all of which must be readable. */
export async function logitsOf(examples: readonly Example[], parts: Parts): Promise<Float32Array> {
  const { model, adapter, engine, store, preprocessing } = parts;
  const batchSize = examples.length;
  const session = await engine.compile(classifierGraph({ model, adapter, batchSize }));
  const common = {
    model,
    adapter,
    preprocessing,
    labels: [],
    store,
    batchSize,
    session: async () => session,
  };
  const rows: number[] = [];
  for await (const { logits } of classify(examples, common, {})) rows.push(...logits);
  await session.close();
  return Float32Array.from(rows);
}
