import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { collectEvents, tinyRecipe, tinyTraining } from "../../test/tiny-training.ts";
import { openEngine } from "../engine/open-engine.ts";
import { InputError } from "../errors.ts";
import { readModel } from "../model/read-model.ts";
import { writeModel } from "../model/write-model.ts";
import { exportModel } from "./export-model.ts";
import type { ExportOptions } from "./export-options.ts";
import { judge } from "./proof.ts";

const root = temporaryFolder("export-model");
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
const common = await tinyTraining(root, engine);
const { dataset, model } = common;
const options = { model, engine, threads: 1, data: dataset.root, split: "val" } as const;
const runOf = (method: string) => join(root, method);
const images = dataset.splits.val.length;

beforeAll(async () => {
  for (const name of ["rlrr", "lora", "ssf", "vpt-deep"])
    await collectEvents({
      ...common,
      method: { name },
      recipe: { ...tinyRecipe, epochs: 1 },
      out: runOf(name),
    });
});

const exported = (to: ExportOptions["to"], name: string, more: Partial<ExportOptions> = {}) =>
  exportModel(runOf("rlrr"), join(root, name), { ...options, to, ...more });
const filesIn = async (name: string) =>
  (await readdir(join(root, name), { recursive: true })).sort().map((path) => path.replaceAll("\\", "/"));

describe("exportModel", () => {
  it("writes an ONNX file with its weights beside, and says on a card what was compared", async () => {
    const { files } = await exported("onnx", "beside", { weights: "beside", precision: ["fp32"] });
    expect(await filesIn("beside")).toEqual([
      ...["README.md", "config.json", "model.onnx", "model.onnx_data", "preprocessor_config.json"],
    ]);
    expect(files[0]?.proof).toMatchObject({ images, agreeing: images, split: "val" });
    const card = readFileSync(join(root, "beside", "README.md"), "utf8");
    expect(card).toContain(`${images} of ${images} val images (100 %) get the same label`);
    expect(card).toContain("pipeline_tag: image-classification");
  });

  it("gives the same logits of whole images where preprocessing is inside", async () => {
    const { files } = await exported("onnx", "inside", { preprocessInside: true });
    expect(files[0]?.proof).toMatchObject({ images, agreeing: images });
    expect(files[0]?.proof.difference).toBeLessThan(1e-5);
  });

  it("writes a folder for transformers.js, whose own preprocessing does nothing", async () => {
    await exported("transformers.js", "js", { acceptLoss: true });
    expect(await filesIn("js")).toEqual([
      ...["README.md", "config.json", "onnx", "onnx/model.onnx", "onnx/model_fp16.onnx"],
      ...["onnx/model_quantized.onnx", "preprocessor_config.json"],
    ]);
    const steps = JSON.parse(readFileSync(join(root, "js", "preprocessor_config.json"), "utf8"));
    expect(steps).toMatchObject({ do_resize: false, do_rescale: false, do_normalize: false });
    const config = JSON.parse(readFileSync(join(root, "js", "config.json"), "utf8"));
    expect(config["transformers.js_config"]).toEqual({ dtype: "fp32" });
  });

  it.each(["timm", "safetensors"] as const)("writes weights for %s that are read again", async (to) => {
    const { files } = await exported(to, to);
    expect(files[0]?.proof).toMatchObject({ images, agreeing: images });
    const read = await readModel(join(root, to));
    expect([read.labels, read.config.classes]).toEqual([dataset.classes, dataset.classes.length]);
  });

  it.each([
    ["rlrr", "GLORA"],
    ["lora", "LORA"],
  ])("writes an adapter of %s for peft, of type %s", async (method, type) => {
    const { files, notes } = await exportModel(runOf(method), join(root, `peft-${type}`), {
      ...options,
      to: "peft",
    });
    expect(files).toMatchObject([{ file: "adapter_model.safetensors", proof: { images, agreeing: images } }]);
    expect(files[0]?.proof.difference).toBeLessThan(1e-5);
    expect(notes.at(-1)).toMatch(/^peft keeps no labels/);
    expect(await filesIn(`peft-${type}`)).toEqual([
      "README.md",
      "adapter_config.json",
      "adapter_model.safetensors",
    ]);
    const config = JSON.parse(readFileSync(join(root, `peft-${type}`, "adapter_config.json"), "utf8"));
    expect(config.peft_type).toBe(type);
  });

  it.each(["safetensors", "onnx"] as const)("says in %s that each label answers by itself", async (to) => {
    const [source, out] = [join(root, `labels-${to}`), join(root, `labels-as-${to}`)];
    const labels = Array.from({ length: model.config.classes }, (_, index) => `label ${index}`);
    await writeModel(source, { ...model, labels, problem: "multi-label" });
    const { notes } = await exportModel(source, out, { ...options, model: undefined, to });
    expect(notes.join()).toContain("its probability is the sigmoid of its logit");
    const config = JSON.parse(readFileSync(join(out, "config.json"), "utf8"));
    expect(config.problem_type).toBe("multi_label_classification");
  });

  it("fixes the ranges of int8-static by images that were trained on", async () => {
    const { files, notes } = await exported("onnx", "static", { precision: "int8-static", acceptLoss: true });
    expect(files).toMatchObject([{ file: "model_int8.onnx", precision: "int8-static" }]);
    expect(notes.at(-1)).toMatch(/^The ranges of int8-static were measured on \d+ train images\.$/);
  });

  it("prepares images in float32 where a runtime has no more", async () => {
    const { files, notes } = await exported("openvino-ready", "openvino", { preprocessInside: true });
    expect(files).toMatchObject([{ proof: { images, agreeing: images } }]);
    expect(notes.at(-1)).toMatch(/^Preprocessing inside computes in float32/);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    [
      "weights of what cannot be merged",
      () => exportModel(runOf("vpt-deep"), join(root, "no"), { ...options, to: "timm" }),
      'timm takes the weights of a model, and an adapter of method vpt-deep is more than that: its tokens are part of the input of every block, not of a weight. to: "onnx" holds its whole graph.',
    ],
    [
      "a method that peft cannot hold",
      () => exportModel(runOf("ssf"), join(root, "no"), { ...options, to: "peft" }),
      "peft cannot hold an adapter of method ssf; it can hold rlrr and lora. Merge it: a plain model needs no peft.",
    ],
    [
      "a target that is not known",
      () => exported("tflite" as "onnx", "no"),
      'to must be onnx, transformers.js, safetensors, timm, peft or openvino-ready, got "tflite".',
    ],
    [
      "a precision of weights",
      () => exported("timm", "no", { precision: "fp16" }),
      "precision is for targets that hold a graph (onnx, transformers.js, openvino-ready); timm holds float32 weights.",
    ],
    [
      "a folder that is not empty",
      () => exported("onnx", "data"),
      `${join(root, "data")} is not empty. Name a new or an empty folder.`,
    ],
    [
      "no images",
      () => exported("onnx", "no", { data: undefined, split: undefined }),
      `${runOf("rlrr")}: an export is compared with the original on images, and it is not known where any are. Give a folder of images with data.`,
    ],
  ])("refuses %s", async (_, call, message) => {
    await expect(call()).rejects.toThrow(new InputError(message));
    expect(await readdir(root)).not.toContain("no");
  });
});

describe("judge", () => {
  const proof = { images: 1000, split: "val", agreeing: 1000, difference: 1e-5, largestLogit: 10 };
  it.each([
    [proof, true, "same"],
    [{ ...proof, difference: 0.01 }, true, "wrong"],
    [{ ...proof, difference: 0.01 }, false, "same"],
    [{ ...proof, agreeing: 997 }, false, "same"],
    [{ ...proof, agreeing: 996 }, false, "lossy"],
    [{ ...proof, difference: Number.NaN }, true, "wrong"],
    [{ ...proof, difference: Number.NaN }, false, "lossy"],
  ] as const)("judges %j (exact: %s) as %s", (given, isExact, verdict) => {
    expect(judge(given, isExact)).toBe(verdict);
  });
});
