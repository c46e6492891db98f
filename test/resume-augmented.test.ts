/** Mixed images, averaged weights, restarts and RandAugment: a run with all of them resumes to the same bits. */

import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openEngine } from "../src/engine/open-engine.ts";
import { readSafetensors } from "../src/formats/safetensors.ts";
import type { RecipeInput } from "../src/train/recipe.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { collectEvents, only, resultsOf, tinyRecipe, tinyTraining } from "./tiny-training.ts";

const root = temporaryFolder("resume-augmented");
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
const plain = await tinyTraining(root, engine);
const [resize, normalize] = plain.preprocessing;
if (!resize || !normalize) throw new Error("no steps");

/** Steps of three runs of the graph, the last of an epoch short and odd. */
const recipe: RecipeInput = {
  ...{ ...tinyRecipe, epochs: 4, batchSize: 9, microBatchSize: 4, checkpointSeconds: 0 },
  ...{ mixup: 0.8, cutmix: 1, emaDecay: 0.9, labelSmoothing: 0.1, select: "last" },
  ...{ schedule: "cosine-restarts", restartEpochs: 1, restartFactor: 2, warmupEpochs: 0 },
};
const fill = [128, 128, 128] as const;
const common = {
  ...{ ...plain, recipe },
  preprocessing: [
    resize,
    ["randomAugment", { magnitude: 9, magnitudeStd: 0.5, filter: "bicubic", fill }],
    normalize,
  ],
} as const;

const whole = join(root, "whole");
const events = await collectEvents({ ...common, out: whole });

describe("a run with augmented, mixed images and averaged weights", () => {
  it.each([2, 5])("that was stopped at step %d resumes with the same results", async (last) => {
    const out = join(root, `stopped at ${last}`);
    const controller = new AbortController();
    await collectEvents({ ...common, out, signal: controller.signal }, (event) => {
      if (event.type === "step" && event.step === last) controller.abort();
    });
    const rest = await collectEvents({ ...common, out, resume: true });
    expect(only(rest, "start")[0]?.resumedAt).toBe(last);
    expect(resultsOf(out)).toEqual(resultsOf(whole));
  });

  it("keeps the average, not the last weights", async () => {
    const adapter = await readSafetensors(join(whole, "adapter", "adapter_model.safetensors"));
    expect(adapter.tensors.size).toBeGreaterThan(0);
    const without = join(root, "without");
    await collectEvents({ ...common, out: without, recipe: { ...recipe, emaDecay: 0 } });
    // The same training, of which another tensor is kept.
    const lossesOf = (out: string) =>
      resultsOf(out)
        .metrics.split("\n")
        .filter((line) => line.includes('"step"'));
    expect(lossesOf(without).map((line) => JSON.parse(line).loss)).toEqual(
      lossesOf(whole).map((line) => JSON.parse(line).loss),
    );
    expect(resultsOf(without).adapter).not.toBe(resultsOf(whole).adapter);
  });

  it("restarts its learning rate after one epoch, and again after two", () => {
    // PyTorch steps after an epoch with that epoch's number: everything comes one epoch late.
    const rates = only(events, "epoch").map(({ learningRate }) => learningRate);
    expect(rates).toBeCloseToTensor([5e-2, 5e-2, 5e-2, 2.5e-2], { relative: 1e-6 });
  });

  it.each([
    ["mixup", { mixup: 0.8, cutmix: 0 }],
    ["cutmix", { mixup: 0, cutmix: 1 }],
  ])("trains otherwise with %s alone", async (name, mixing) => {
    const out = join(root, name);
    await collectEvents({ ...common, out, recipe: { ...recipe, ...mixing } });
    expect(resultsOf(out).adapter).not.toBe(resultsOf(whole).adapter);
  });
});
