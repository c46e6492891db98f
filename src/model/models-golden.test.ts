import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { imageOf, modelCases, readCase } from "../../test/model-cases.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import "../../test/close-to-tensor.ts";
import { openEngine } from "../engine/open-engine.ts";
import { predictGraph } from "../predict/predict-graph.ts";
import { backboneOf } from "./architectures.ts";
import { affineOf, weightLayers } from "./layers.ts";
import type { Model } from "./model.ts";
import { readModel } from "./read-model.ts";
import { constantsOf } from "./weight-constants.ts";
import { writeModel } from "./write-model.ts";

const folder = temporaryFolder("models-golden");
const cacheBefore = process.env.RLRR_CACHE;
process.env.RLRR_CACHE = join(folder, "cache");
mkdirSync(join(folder, "copies"));
const engine = await openEngine({ threads: 1 });
afterAll(async () => {
  if (cacheBefore === undefined) delete process.env.RLRR_CACHE;
  else process.env.RLRR_CACHE = cacheBefore;
  await engine.close();
});

async function answer(
  model: Model,
  images: Float32Array,
): Promise<Readonly<Record<string, ArrayLike<number>>>> {
  const frozen = constantsOf(model.weights);
  const layers = weightLayers(affineOf(frozen), frozen);
  const head = model.config.classes > 0 ? { head: frozen } : {};
  const session = await engine.compile(
    predictGraph(backboneOf(model.config), { layers, batchSize: 1, ...head }),
  );
  const results = await session.run({ images });
  await session.close();
  return results;
}

describe("models of other projects", () => {
  it.each(modelCases.map((one, at) => [one.title, one, at] as const))(
    "%s answers alike, and so does a copy of it",
    async (_, one, at) => {
      const model = await readCase(one, join(folder, String(at)));
      expect(model.config.imageSize).toEqual(one.imageSize);
      const copy = join(folder, "copies", String(at));
      await writeModel(copy, model);
      const { data } = imageOf(one);
      for (const read of [model, await readModel(copy)]) {
        const results = await answer(read, data);
        for (const kind of ["logits", "feature"] as const)
          if (one[kind]) expect(results[kind]).toBeCloseToTensor(one[kind], { relative: 1e-4 });
      }
    },
  );
});
