/** Training runs of a moment: a tiny model, drawn images, everything else as in earnest. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Engine } from "../src/engine/engine.ts";
import { openImageStore } from "../src/images/image-store.ts";
import { defaultSteps } from "../src/preprocessing/step-list.ts";
import type { TrainEvent } from "../src/runs/events.ts";
import type { RunOptions } from "../src/runs/open-run.ts";
import { runTraining } from "../src/runs/run-training.ts";
import type { RecipeInput } from "../src/train/recipe.ts";
import { writeTinyDataset } from "./tiny-dataset.ts";
import { tinyModel } from "./tiny-model.ts";
import { tiny } from "./tiny-vit.ts";

/** Four epochs of three steps on 24 images. */
export const tinyRecipe: RecipeInput = {
  name: "official",
  epochs: 4,
  batchSize: 8,
  learningRate: 5e-2,
  warmupEpochs: 1,
};

/** A model for images of 16 pixels, and the images, in `root`; their store lives as long as the process. */
export async function tinyTraining(root: string, engine: Engine) {
  const imageSize = [16, 16] as const;
  return {
    model: tinyModel({ ...tiny, imageSize }),
    baseId: "tiny",
    dataset: await writeTinyDataset(join(root, "data")),
    preprocessing: defaultSteps(imageSize),
    recipe: tinyRecipe,
    engine,
    store: openImageStore(),
  } satisfies Omit<RunOptions, "out">;
}

/** All events of a run; `see` may stop it. */
export async function collectEvents(
  options: RunOptions,
  see: (event: TrainEvent) => void = () => {},
): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of runTraining(options)) {
    events.push(event);
    see(event);
  }
  return events;
}

/** The events of one type. */
export const only = <T extends TrainEvent["type"]>(events: readonly TrainEvent[], type: T) =>
  events.filter((event): event is Extract<TrainEvent, { type: T }> => event.type === type);

/** What must be the same in two runs that are the same. */
export const resultsOf = (out: string) => ({
  metrics: readFileSync(join(out, "metrics.jsonl"), "utf8"),
  adapter: readFileSync(join(out, "adapter", "adapter_model.safetensors")).toString("base64"),
});
