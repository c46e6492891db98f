/** What must hold for every method on networks with stages: it trains and merges, or says why it cannot. */

import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readAdapter } from "../src/adapter/adapter-file.ts";
import { mergeAdapter } from "../src/adapter/merge.ts";
import { openEngine } from "../src/engine/open-engine.ts";
import { InputError } from "../src/errors.ts";
import { exportModel } from "../src/export/export-model.ts";
import { sizeOf, type Tensor } from "../src/formats/tensor.ts";
import { methods } from "../src/methods/methods.ts";
import type { ConvNextConfig } from "../src/model/convnext-config.ts";
import type { Model } from "../src/model/model.ts";
import { readModel } from "../src/model/read-model.ts";
import type { ResNetConfig } from "../src/model/resnet-config.ts";
import type { SwinConfig } from "../src/model/swin-config.ts";
import { writeModel } from "../src/model/write-model.ts";
import { classifierGraph } from "../src/predict/classifier.ts";
import { randomNumbers } from "./random-numbers.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { tinyConvNext, tinyConvNextV2, tinyResNet, tinySwin, tinySwinV2 } from "./tiny-hierarchical.ts";
import { randomAdapter, tinyModel } from "./tiny-model.ts";
import { collectEvents, only, resultsOf, tinyTraining } from "./tiny-training.ts";
import "./close-to-tensor.ts";

const root = temporaryFolder("every-method-hierarchical");
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
const common = await tinyTraining(root, engine);
const images = randomNumbers(2 * 3 * 16 * 16);

/** Logits of two images. */
async function logitsOf(
  parts: Omit<Parameters<typeof classifierGraph>[0], "batchSize">,
): Promise<Float32Array> {
  const session = await engine.compile(classifierGraph({ ...parts, batchSize: 2 }));
  const { logits = new Float32Array() } = await session.run({ images });
  await session.close();
  return logits;
}

const bases = "all matrices share two bases of that width";
const [windows, pixels] = ["that is cut into windows", "it has a map of pixels"];
const sites = "it has fc1, fc2, merge.";
const ofSwin = { "vpt-deep": windows, "vpt-shallow": windows, "fact-tt": bases, "fact-tk": bases };
const ofConvNext = {
  ...{ "vpt-deep": pixels, "vpt-shallow": pixels, "fact-tt": bases, "fact-tk": bases },
  ...{ lora: sites, hta: sites, apla: sites },
};
const convolutions = "it has stem, conv1, conv2, conv3, shortcut.";
const ofResNet = {
  ...{ "vpt-deep": pixels, "vpt-shallow": pixels },
  ...Object.fromEntries(
    methods
      .filter(({ name }) => !/^(rlrr|linear|full|wise|ssf|bias|vpt-.*)$/.test(name))
      .map(({ name }) => [name, /^fact-/.test(name) ? bases : convolutions]),
  ),
};
/** By family and method, a part of the reason. */
const refused: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...{ swin: ofSwin, swinv2: ofSwin, convnext: ofConvNext, convnextv2: ofConvNext },
  ...{ resnet: ofResNet },
};
/** What ARC and RepAdapter give a bias of SwinV2's keys: its files have no place for one. */
const unwritten = ["arc", "repadapter"];

/** Those that act on weights, share something within a stage, or read the map of tokens; the others go the same ways. */
const trained = {
  ...{ swin: ["rlrr", "arc", "convpass"], swinv2: ["rlrr"] },
  ...{ convnext: ["rlrr", "full"], convnextv2: ["rlrr"] },
  ...{ resnet: ["rlrr"] },
} as const;

/** Without biases that no file of a SwinV2 has. */
function modelOf(config: SwinConfig | ConvNextConfig | ResNetConfig): Model {
  const model = tinyModel(config);
  const zeros = [...model.weights].flatMap(([name, { shape }]): [string, Tensor][] =>
    /\.(k|reduction)\.bias$/.test(name) ? [[name, { shape, data: new Float32Array(sizeOf(shape)) }]] : [],
  );
  return { ...model, weights: new Map([...model.weights, ...(config.family === "swinv2" ? zeros : [])]) };
}

const cases = [tinySwin, tinySwinV2, tinyConvNext, tinyConvNextV2, tinyResNet].flatMap((config) =>
  methods.map((method) => [method.name, config.family, method, modelOf(config)] as const),
);

describe.each(cases)("%s on a %s", (name, family, { unmergeable }, model) => {
  const why = refused[family]?.[name];
  if (why !== undefined) {
    it("is refused, with the reason", async () => {
      const out = join(root, `${name} ${family}`);
      const training = collectEvents({ ...common, model, method: { name }, out });
      await expect(training).rejects.toThrow(InputError);
      await expect(training).rejects.toThrow(`${why}`);
      await expect(training).rejects.toThrow(/hoose another method for this model/);
    });
    return;
  }

  if ((trained[family] as readonly string[]).includes(name))
    it("trains with drop path, and comes to the same files after a stop amid the run", async () => {
      const recipe = {
        epochs: 2,
        batchSize: 8,
        microBatchSize: 5,
        warmupEpochs: 0,
        dropPath: 0.2,
        checkpointSeconds: 0,
      };
      const out = join(root, `${name} ${family}`);
      const options = { ...common, model, method: { name }, recipe };
      await collectEvents({ ...options, out });
      const stopped = `${out} stopped`;
      const controller = new AbortController();
      await collectEvents({ ...options, out: stopped, signal: controller.signal }, (event) => {
        if (event.type === "step" && event.step === 2) controller.abort();
      });
      const rest = await collectEvents({ ...options, out: stopped, resume: true });
      expect(only(rest, "start")[0]?.resumedAt).toBeGreaterThanOrEqual(2);
      expect(resultsOf(stopped)).toEqual(resultsOf(out));
      expect((await readAdapter(out)).config.family).toBe(family);
    });

  it("merges into a folder with the same logits, or says what keeps it from that", async () => {
    const adapter = await randomAdapter(model, { name });
    const expected = await logitsOf({ model, adapter });
    expect(expected.every(Number.isFinite)).toBe(true);
    const merging = mergeAdapter(model, adapter, engine);
    if (unmergeable !== undefined)
      return expect(merging).rejects.toThrow(`method ${name} cannot be merged: ${unmergeable}.`);
    const weights = await merging;
    const merged: Model = { ...model, config: adapter.config, labels: adapter.labels, weights };
    expect(await logitsOf({ model: merged })).toBeCloseToTensor(expected, { relative: 1e-5 });
    const folder = join(root, `${name} ${family} merged`);
    const writing = writeModel(folder, merged);
    if (family === "swinv2" && unwritten.includes(name))
      return expect(writing).rejects.toThrow(
        `transformers' SwinV2 has no place for "blocks.0.k.bias", which the adapter gives a value. Export the model instead: rlrr export.`,
      );
    await writing;
    const read = await readModel(folder);
    expect(await logitsOf({ model: read })).toBeCloseToTensor(expected, { relative: 1e-5 });
    expect({ ...read.config, pretrainedWindows: undefined }).toEqual({
      ...adapter.config,
      pretrainedWindows: undefined,
    });
  });
});

describe("rlrr on a Swin", () => {
  it("trains with consistency, whose noise is one for all windows of an image, and leaves as ONNX", async () => {
    const model = tinyModel(tinySwin);
    const recipe = { epochs: 1, batchSize: 8, microBatchSize: 5, warmupEpochs: 0, consistency: 0.5 };
    const out = join(root, "consistency");
    await collectEvents({ ...common, model, method: { name: "rlrr" }, recipe, out });
    const { files } = await exportModel(out, join(root, "onnx"), {
      ...{ to: "onnx", model, engine, threads: 1, data: common.dataset.root, split: "val" },
    });
    const count = common.dataset.splits.val.length;
    expect(files.map(({ file, proof }) => [file, proof.images, proof.agreeing])).toEqual([
      ["model.onnx", count, count],
    ]);
    expect(files[0]?.proof.difference).toBeLessThan(1e-4);
  });
});
