/** Says how far our answers with real weights are from those that `real_weights.py` wrote. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Engine } from "../src/engine/engine.ts";
import { openEngine } from "../src/engine/open-engine.ts";
import { readSafetensors, readTensor } from "../src/formats/safetensors.ts";
import { decodeImage } from "../src/images/decode.ts";
import { backboneOf } from "../src/model/architectures.ts";
import { affineOf, weightLayers } from "../src/model/layers.ts";
import { readModel } from "../src/model/read-model.ts";
import { constantsOf } from "../src/model/weight-constants.ts";
import { predictGraph } from "../src/predict/predict-graph.ts";
import type { Image } from "../src/preprocessing/image.ts";
import { applySteps } from "../src/preprocessing/preprocess.ts";
import { relativeDistance } from "./differences.ts";

/** Our answers on all photos, one after the other: logits where the model has a head, else features. */
async function answersOf(folder: string, photos: readonly Image[], engine: Engine): Promise<number[]> {
  const model = await readModel(folder);
  const frozen = constantsOf(model.weights);
  const layers = weightLayers(affineOf(frozen), frozen);
  const head = model.config.classes > 0 ? { head: frozen } : {};
  const session = await engine.compile(
    predictGraph(backboneOf(model.config), { layers, batchSize: 1, ...head }),
  );
  const answers: number[] = [];
  for (const photo of photos) {
    const { logits, feature } = await session.run({
      images: applySteps(photo, model.preprocessing ?? []),
    });
    answers.push(...(logits ?? feature ?? []));
  }
  await session.close();
  return answers;
}

const folder = process.argv[2];
if (folder === undefined) throw new Error("Name the folder that real_weights.py wrote.");
const { photos, models } = z
  .object({ photos: z.array(z.string()), models: z.array(z.string()) })
  .parse(JSON.parse(await readFile(join(folder, "cases.json"), "utf8")));
const images = await Promise.all(photos.map((path) => decodeImage(path)));
const engine = await openEngine({ threads: 1 });
for (const name of models) {
  const expected = await readSafetensors(join(folder, name, "answers.safetensors"));
  for (const kind of expected.tensors.keys()) {
    const { shape, data } = await readTensor(expected, kind);
    const distance = relativeDistance(await answersOf(join(folder, name), images, engine), data);
    console.log(`${name}: ${kind} of ${shape[0]} photos, ${distance.toExponential(1)} of the largest`);
  }
}
await engine.close();
