/** Cases of what says how: configurations of models, steps, methods, recipes, runs. */

import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseTrainedImages, renderTrainedImages } from "../../src/adapter/trained-images.ts";
import { openDemoFolder } from "../../src/cli/demo-folder.ts";
import { parseJson, readJson } from "../../src/files/read-json.ts";
import { chooseMethod, methods } from "../../src/methods/methods.ts";
import { rlrr } from "../../src/methods/rlrr.ts";
import { backboneOf } from "../../src/model/architectures.ts";
import { parseHuggingFaceConfig } from "../../src/model/hugging-face-config.ts";
import { parseHuggingFaceSteps, sayUnreadFields } from "../../src/model/hugging-face-steps.ts";
import { checkImageSize } from "../../src/model/model-hints.ts";
import { renderOwnConfig } from "../../src/model/own-format.ts";
import { planModel } from "../../src/model/plan-model.ts";
import { renderHuggingFaceSteps } from "../../src/model/render-hugging-face-steps.ts";
import { isTimmConfig, parseTimmConfig } from "../../src/model/timm-config.ts";
import { byteTable } from "../../src/preprocessing/normalise.ts";
import { parseSteps } from "../../src/preprocessing/parse-steps.ts";
import { planSteps } from "../../src/preprocessing/preprocess.ts";
import { defaultSteps, evaluationSteps, fitSteps, outputSize } from "../../src/preprocessing/step-list.ts";
import type { Step } from "../../src/preprocessing/steps.ts";
import { checkRepeated } from "../../src/runs/compare-runs.ts";
import { openMetricsFile, readMetrics } from "../../src/runs/metrics-file.ts";
import { parseRunConfig } from "../../src/runs/run-config.ts";
import { runPaths } from "../../src/runs/run-folder.ts";
import { writeRunReport } from "../../src/runs/write-run-report.ts";
import { builtByFile, describeBuiltBy, readBuiltBy } from "../../src/study/built-by.ts";
import { parseRecipe, type RecipeInput, scheduleOf } from "../../src/train/recipe.ts";
import { learningRateAt } from "../../src/train/schedule.ts";
import { classicTensors, seededWeights } from "../../test/named-weights.ts";
import { tiny } from "../../test/tiny-vit.ts";
import { decode, type FuzzCase, type Place } from "./fuzz-case.ts";

const huggingFace = {
  ...{ architectures: ["ViTForImageClassification"], model_type: "vit", hidden_act: "gelu", hidden_size: 16 },
  ...{
    image_size: 12,
    intermediate_size: 24,
    layer_norm_eps: 1e-12,
    num_attention_heads: 2,
    num_channels: 3,
  },
  ...{ num_hidden_layers: 2, patch_size: 4, id2label: { 0: "cat", 1: "dog", 2: "owl" } },
};
const timm = {
  ...{ architecture: "vit_tiny_patch4_12", num_classes: 3, num_features: 16, global_pool: "token" },
  model_args: { img_size: [12, 12], num_heads: 2, global_pool: "token" },
  pretrained_cfg: {
    ...{ input_size: [3, 12, 12], interpolation: "bicubic", crop_pct: 0.9, crop_mode: "center" },
    ...{ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], label_names: ["cat", "dog", "owl"] },
  },
};
const ownConfig = { ...renderOwnConfig(tiny), id2label: huggingFace.id2label };
const processor = {
  ...{
    image_processor_type: "ViTImageProcessor",
    do_resize: true,
    size: { height: 12, width: 12 },
    resample: 2,
  },
  ...{
    do_center_crop: true,
    crop_size: { height: 12, width: 12 },
    do_rescale: true,
    rescale_factor: 1 / 255,
  },
  ...{ do_normalize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
};
const random: readonly Step[] = [
  ["randomResizedCrop", { size: [12, 12], scale: [0.1, 1], ratio: [0.75, 1.5], filter: "bicubic" }],
  ["randomHorizontalFlip", { probability: 0.5 }],
  ["normalize", { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }],
];

const trainedImages = {
  trained: BigUint64Array.of(1n, 2n ** 63n, 2n ** 64n - 1n),
  validated: BigUint64Array.of(5n),
};

const { family, plan } = planModel(classicTensors(seededWeights()), { where: "a file" });

/** What is done with steps once they have been read, on images of usual and of odd sizes. */
function useSteps(steps: readonly Step[]): void {
  const [height, width] = outputSize(steps);
  byteTable(steps);
  fitSteps(steps, [16, 8]);
  for (const image of [
    { width: 30, height: 20 },
    { width: 1, height: 5000 },
    { width: 1, height: 1 },
  ])
    for (const list of [steps, evaluationSteps(steps)]) {
      const actions = planSteps(list, image, { random: () => 0.999 });
      const last = actions.findLast((action) => action.type === "resize");
      if (last && !last.size.every((side) => side >= 1)) throw new Error(`a side of ${last.size} pixels`);
    }
  if (!(height >= 1 && width >= 1)) throw new Error(`images of ${height} x ${width}`);
}

const runConfig = {
  version: 1,
  model: { id: "a model", sha256: "0".repeat(64), config: { width: 16, imageSize: [12, 12] } },
  data: { root: "photos", classes: ["cat", "dog"], files: "0".repeat(64) },
  method: { name: "rlrr", options: { residual: true } },
  recipe: { epochs: 3, learningRate: 0.001 },
  preprocessing: random,
  settled: { microBatchSize: 8, files: "1".repeat(64) },
};
const chosenMethods = methods.map(({ name, options }) => ({ name, options: options.parse({}) }));
const sitesOnly = { name: "rlrr", options: { sites: ["q", "v"], residual: true } };
const recipe = { ...parseRecipe({}), warmupEpochs: 3 };

const metrics = [
  '{"type":"step","step":1,"loss":2.5,"learningRate":0.001}',
  '{"type":"step","step":2,"loss":2.25,"learningRate":0.002}',
  '{"type":"epoch","epoch":0,"step":2,"trainLoss":2.4,"valLoss":2.1,"valTop1":50,"best":true}',
  '{"type":"epoch","epoch":1,"step":4,"trainLoss":1.4}\n',
].join("\n");

export const configCases: readonly FuzzCase[] = [
  {
    name: "model-config",
    readers: [
      "model/hugging-face-config.ts parseHuggingFaceConfig",
      "model/hugging-face-vit.ts readHuggingFaceVit",
      "model/own-format.ts parseOwnConfig",
      "model/timm-config.ts parseTimmConfig",
      "model/timm-vit.ts readTimmVit",
      "model/timm-steps.ts parseTimmSteps",
      "model/label-names.ts parseLabelNames",
      "files/read-json.ts parseJson",
      "model/model-hints.ts configureVit",
      "model/model-hints.ts checkImageSize",
    ],
    form: "json",
    share: 40,
    corpus: async () =>
      [
        ...[huggingFace, timm, ownConfig],
        ...["deit", "dinov2", "beit", "siglip_vision_model"].map((type) => ({
          ...huggingFace,
          model_type: type,
        })),
        { model_type: "clip", vision_config: { ...huggingFace, hidden_act: "quick_gelu" } },
      ].map((config) => JSON.stringify(config)),
    run: (input) => {
      const where = "config.json";
      const value = parseJson(decode(input), where);
      const hints = isTimmConfig(value)
        ? parseTimmConfig(value, where)
        : parseHuggingFaceConfig(value, where);
      const config = hints.stored ?? family.configure(plan, { where: "a file", hints }).config;
      if ("patchSize" in config) checkImageSize(config.imageSize, config.patchSize);
      if (hints.preprocessing) useSteps(hints.preprocessing);
    },
  },
  {
    name: "preprocessor-config",
    readers: ["model/hugging-face-steps.ts parseHuggingFaceSteps"],
    form: "json",
    share: 40,
    corpus: async () =>
      [
        processor,
        { ...processor, image_processor_type: "BitImageProcessor", size: { shortest_edge: 14 } },
        { feature_extractor_type: "DeiTFeatureExtractor", size: 14, crop_size: 12 },
        { image_processor_type: "ConvNextImageProcessor", size: { shortest_edge: 14 }, crop_pct: 0.9 },
        { image_processor_type: "TimmWrapperImageProcessor", pretrained_cfg: timm.pretrained_cfg },
        renderHuggingFaceSteps(random),
      ].map((value) => JSON.stringify(value)),
    run: (input) => {
      const where = "preprocessor_config.json";
      const value = parseJson(decode(input), where);
      useSteps(parseHuggingFaceSteps(value, { where }));
      sayUnreadFields(value, where);
    },
  },
  {
    name: "steps",
    readers: ["preprocessing/parse-steps.ts parseSteps"],
    form: "json",
    share: 60,
    corpus: async () => [JSON.stringify(random), JSON.stringify(defaultSteps([12, 12]))],
    run: (input) => useSteps(parseSteps(parseJson(decode(input), "steps"), "steps")),
  },
  {
    name: "method-options",
    readers: [],
    form: "json",
    share: 40,
    corpus: async () => [...chosenMethods, sitesOnly].map((choice) => JSON.stringify(choice)),
    run: (input) => {
      const value = parseJson(decode(input), "a method") as { name?: unknown; options?: unknown } | null;
      const name = typeof value?.name === "string" ? value.name : "rlrr";
      const { adaptation } = chooseMethod({ name, options: value?.options }, "a method");
      adaptation.trainables(backboneOf(tiny));
    },
  },
  {
    name: "recipe",
    readers: ["train/recipe.ts parseRecipe"],
    form: "json",
    share: 40,
    corpus: async () => [JSON.stringify(recipe), JSON.stringify({ epochs: 5, dropout: 0.1 })],
    run: (input) => {
      const parsed = parseRecipe(parseJson(decode(input), "a recipe") as RecipeInput);
      learningRateAt(scheduleOf(parsed), 0);
    },
  },
  {
    name: "run-config",
    readers: ["runs/run-config.ts parseRunConfig", "files/read-json.ts readJson"],
    form: "json",
    share: 8,
    corpus: async () => [JSON.stringify(runConfig), JSON.stringify({ ...runConfig, settled: undefined })],
    run: async (input, { write }) => {
      const path = write("run.json", input);
      const parsed = parseRunConfig(await readJson(path), path);
      checkRepeated(parseRunConfig(runConfig, path), parsed, { folder: "a run", method: rlrr });
    },
  },
  {
    name: "built-by",
    readers: ["study/built-by.ts readBuiltBy"],
    form: "json",
    share: 1,
    corpus: async () => [
      JSON.stringify({
        benchmark: "VTAB-1k",
        task: "cifar",
        source: "cifar100/3.0.2",
        from: "x",
        manifest: "0",
      }),
    ],
    run: async (input, { write }) => {
      const built = await readBuiltBy(dirname(write(builtByFile, input)));
      if (built) describeBuiltBy(built, "0");
    },
  },
  {
    name: "trained-images",
    readers: ["adapter/trained-images.ts parseTrainedImages"],
    form: "json",
    share: 1,
    corpus: async () => [renderTrainedImages(trainedImages)],
    run: async (input, { write }) => {
      const path = write("training_images.json", input);
      const { trained, validated } = parseTrainedImages(await readJson(path), path);
      for (const prefixes of [trained, validated])
        if (prefixes.some((prefix, at) => at > 0 && prefix <= (prefixes[at - 1] ?? prefix)))
          throw new Error("the prefixes are not ascending");
    },
  },
  {
    name: "metrics",
    readers: ["runs/metrics-file.ts readMetrics", "runs/metrics-file.ts openMetricsFile"],
    form: "text",
    share: 1,
    corpus: async () => [metrics, metrics.replaceAll("\n", "\r\n")],
    run: async (input, { folder, write }) => {
      const paths = runPaths(folder);
      write("metrics.jsonl", input);
      const config = parseRunConfig(runConfig, "run.json");
      const base = { trainables: [], options: { model: { weights: new Map() } } };
      const parts = { config, recipe, trainExamples: [], valExamples: [], ...base };
      const chosen = chooseMethod({ name: "rlrr" }, "a method");
      const unused = async () => {};
      const run = { path: folder, paths, earlier: undefined, writeConfig: unused, close: unused };
      await writeRunReport({ ...parts, chosen, folder: run });
      for await (const _ of readMetrics(paths.metrics));
      const opened = await openMetricsFile(paths.metrics, { keep: 2 });
      await opened.close();
      if (opened.lines() > 2) throw new Error(`${opened.lines()} lines are kept`);
    },
  },
  {
    name: "demo-list",
    readers: ["cli/demo-folder.ts openDemoFolder"],
    form: "json",
    share: 1,
    corpus: async () => [
      JSON.stringify({ madeBy: "rlrr demo", files: { "a/run.json": "0".repeat(64) }, underWay: "b" }),
      JSON.stringify({ madeBy: "rlrr demo", files: {} }),
    ],
    run: async (input, place) => {
      const opened = await openDemoFolder(demoFolder(input, place));
      await opened.close();
    },
  },
];

/** A demo's folder with this list, deep inside, so that nothing outside can be meant. */
function demoFolder(input: Uint8Array, { folder, write }: Place): string {
  const out = join(folder, "one", "two", "three", "demo");
  mkdirSync(out, { recursive: true });
  write("one/two/three/demo/demo.json", input);
  return out;
}
