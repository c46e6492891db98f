/** What must hold for every variation of the Vision Transformer: with every method true gradients and a merge that changes nothing, and whole runs. */

import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readAdapter } from "../src/adapter/adapter-file.ts";
import { mergeAdapter } from "../src/adapter/merge.ts";
import type { Engine } from "../src/engine/engine.ts";
import { openEngine } from "../src/engine/open-engine.ts";
import { referenceEngine } from "../src/engine/reference.ts";
import { exportModel } from "../src/export/export-model.ts";
import { sizeOf } from "../src/formats/tensor.ts";
import { grad } from "../src/graph/grad.ts";
import { methods } from "../src/methods/methods.ts";
import type { Model } from "../src/model/model.ts";
import { readModel } from "../src/model/read-model.ts";
import type { VitConfig } from "../src/model/vit.ts";
import { classifierGraph } from "../src/predict/classifier.ts";
import { merge } from "../src/predict/merge.ts";
import type { RunOptions } from "../src/runs/open-run.ts";
import { logitsOf } from "./logits-of.ts";
import { randomNumbers } from "./random-numbers.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { adaptationOf, dataOf, type Feeds } from "./tiny-methods.ts";
import { randomAdapter, tinyModel } from "./tiny-model.ts";
import { collectEvents, resultsOf, tinyTraining } from "./tiny-training.ts";
import { mixedVariations, tinyVariations } from "./tiny-variations.ts";
import { adaptedGraph, crossEntropy, randomWeights } from "./tiny-vit.ts";

const root = temporaryFolder("every-variation");
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

const pixels = Float64Array.from(randomNumbers(2 * 3 * 64, { seed: 99 }));

/** Random numbers for all inputs of a graph, and a random direction in which those that train move. */
function feedsOf(
  config: VitConfig,
  trained: ReadonlyMap<string, { readonly name: string; readonly shape: readonly number[] }>,
) {
  const frozen = Object.fromEntries([...randomWeights(config)].map(([name, { data }]) => [name, data]));
  const entries = [...trained.values()].map(({ name, shape }, index) => [
    name,
    Float64Array.from(randomNumbers(sizeOf(shape), { seed: 300 + index, low: -0.3, high: 0.3 })),
  ]);
  return { ...frozen, images: pixels, ...Object.fromEntries(entries) } as Feeds;
}

async function answers(model: Model, adapter: Parameters<typeof classifierGraph>[0]["adapter"], on: Engine) {
  const session = await on.compile(classifierGraph({ model, adapter, batchSize: 2 }));
  const { logits } = await session.run({ images: Float32Array.from(pixels) });
  await session.close();
  return logits as Float32Array;
}

describe.each(Object.entries(mixedVariations))("%s", (_, config) => {
  // DoRA computes a norm as a constant, so that a difference is not its gradient; its own test holds that still.
  const smooth = methods.filter(({ name }) => name !== "dora");

  it.each(smooth.map(({ name }) => [name]))("has the gradients of differences with %s", (name) => {
    const { logits, trained } = adaptedGraph({ config, batch: 2, adaptation: adaptationOf(name) });
    const loss = crossEntropy(logits, [2, 0]);
    const inputs = [...trained.values()];
    const gradients = grad(loss, inputs);
    const feeds = feedsOf(config, trained);
    const found = dataOf(
      Object.fromEntries(
        inputs.map(({ name: input }, at) => [input, gradients[at] as (typeof gradients)[0]]),
      ),
      feeds,
    );
    const along = (at: number, count: number) => randomNumbers(count, { seed: 900 + at, low: -1, high: 1 });
    const moved = (by: number): Feeds => ({
      ...feeds,
      ...Object.fromEntries(
        inputs.map(({ name: input }, index) => {
          const data = feeds[input] as Float64Array;
          const direction = along(index, data.length);
          return [input, data.map((value, at) => value + by * (direction[at] ?? 0))];
        }),
      ),
    });
    const lossAt = (by: number) => dataOf({ loss }, moved(by)).loss?.[0] as number;
    const slope = inputs.reduce((sum, { name: input }, index) => {
      const gradient = found[input] as Float64Array;
      const direction = along(index, gradient.length);
      return sum + gradient.reduce((part, value, at) => part + value * (direction[at] ?? 0), 0);
    }, 0);
    const step = 1e-5;
    const difference = (lossAt(step) - lossAt(-step)) / (2 * step);
    expect(Math.abs(slope)).toBeGreaterThan(1e-4);
    expect(Math.abs(difference - slope)).toBeLessThan(1e-5 * Math.abs(slope) + 1e-8);
  });

  const mergeable = methods.filter(({ unmergeable }) => unmergeable === undefined);
  it.each(mergeable.map(({ name }) => [name]))("answers merged as it does adapted with %s", async (name) => {
    const reference = referenceEngine();
    const model = tinyModel(config);
    const adapter = await randomAdapter(model, { name });
    const merged = {
      ...model,
      config: adapter.config,
      weights: await mergeAdapter(model, adapter, reference),
    };
    expect(await answers(merged, undefined, reference)).toBeCloseToTensor(
      await answers(model, adapter, reference),
      {
        relative: 1e-5,
      },
    );
  });
});

/** Of which runs are stopped and resumed too, to bound the time of the tests. */
const resumed = ["SigLIP's image tower", "DeiT, distilled", "DINOv3"];

describe.each(Object.entries(tinyVariations))("%s", (title, config) => {
  it("trains, resumes, merges, and leaves as ONNX", async () => {
    const common = await tinyTraining(join(root, title), engine);
    const model = tinyModel({ ...config, imageSize: [16, 16] });
    const recipe = {
      epochs: 2,
      batchSize: 8,
      microBatchSize: 5,
      warmupEpochs: 0,
      dropout: 0.1,
      checkpointSeconds: 0,
    };
    const options: Omit<RunOptions, "out"> = { ...common, model, method: { name: "rlrr" }, recipe };
    const at = (name: string) => join(root, `${title} ${name}`);
    await collectEvents({ ...options, out: at("run") });
    if (resumed.includes(title)) {
      const controller = new AbortController();
      await collectEvents({ ...options, out: at("stopped"), signal: controller.signal }, (event) => {
        if (event.type === "step" && event.step === 2) controller.abort();
      });
      await collectEvents({ ...options, out: at("stopped"), resume: true });
      expect(resultsOf(at("stopped"))).toEqual(resultsOf(at("run")));
    }

    const { val } = common.dataset.splits;
    const adapter = await readAdapter(at("run"));
    const expected = await logitsOf(val, { ...common, model, adapter });
    const { difference } = await merge(at("run"), at("merged"), { model, engine });
    expect(difference).toBeLessThan(1e-5);
    const written = await readModel(at("merged"));
    expect(await logitsOf(val, { ...common, model: written })).toBeCloseToTensor(expected, {
      relative: 1e-4,
    });
    const { files } = await exportModel(at("run"), at("onnx"), {
      ...{ to: "onnx", model, engine, threads: 1, data: common.dataset.root, split: "val" },
    });
    expect(files.map(({ file, proof }) => [file, proof.agreeing])).toEqual([["model.onnx", val.length]]);
    expect(files[0]?.proof.difference).toBeLessThan(1e-4);
  });
});
