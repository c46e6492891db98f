/** Cases of studies: their files, and the results that one resumes from. */

import { join } from "node:path";
import { parseJson } from "../../src/files/read-json.ts";
import { planStudy } from "../../src/study/plan-study.ts";
import { withPreset } from "../../src/study/presets.ts";
import { openResultsFile, parseEnd, parseResults } from "../../src/study/results-file.ts";
import { fetchData, fetchModel } from "../../src/study/stored-inputs.ts";
import { readStudyFile } from "../../src/study/study-folder.ts";
import { parseStudy } from "../../src/study/study-schema.ts";
import { openMemory } from "../../test/memory-store.ts";
import { decode, type FuzzCase } from "./fuzz-case.ts";

const study = {
  ...{ model: "vit.safetensors", imageSize: 112, seeds: 3, tuneSeeds: 2, select: "val", reference: "linear" },
  data: ["flowers", { path: "pets", name: "cats", group: "animals", recipe: { epochs: 3 } }],
  methods: [
    "linear",
    { name: "rlrr", label: "ranks", options: { side: "both" }, tuneOptions: { rank: [1, 2] } },
    { name: "lora", tune: { learningRate: [0.001, 0.003], weightDecay: [0, 0.1] } },
  ],
  recipes: ["default", { label: "long", name: "official", recipe: { epochs: 50 }, images: { flip: true } }],
  tune: { learningRate: [0.001, 0.003] },
};
const preset = {
  preset: "compare",
  data: ["a"],
  model: "tiny",
  seeds: [1, 7],
  threads: 2,
  testFraction: 0.3,
};

const score = { epoch: 2, top1: 75, loss: 0.7 };
const record = {
  ...{ type: "trial", name: "0123456789abcdef", cost: { seconds: 12.5, peakBytes: 1e9 } },
  content: { purpose: "validate", seed: 1, recipe: { epochs: 3 } },
  result: {
    ...{ trainable: 1000, headTrainable: 10, trainImages: 100, epochs: 3, learningRate: 0.001, batchSize: 8 },
    preprocessing: { training: "resized", evaluation: "resized" },
    epochScores: { images: 20, last: score, best: score },
  },
};
const tested = { ...record, name: "fedcba9876543210", content: { ...record.content, purpose: "test" } };

/** Of no bytes. */
const sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const storedFile = { path: "a.npz", sha256, bytes: 0 };
const storedData = {
  ...{ layout: "classes", classes: ["x", "y"], files: [storedFile, { ...storedFile, path: "b/c.jpg" }] },
  splits: { train: [[0, 0]], val: [[1, 1]], test: [[0, 1]] },
};

export const studyCases: readonly FuzzCase[] = [
  {
    name: "study",
    readers: ["study/study-schema.ts parseStudy", "study/study-folder.ts readStudyFile"],
    form: "json",
    share: 8,
    corpus: async () => [JSON.stringify(study), JSON.stringify(preset)],
    run: async (input, { write }) => {
      const read = await readStudyFile(write("study.json", input));
      planStudy(await withPreset(parseStudy(read, "a study")));
    },
  },
  {
    name: "study-results",
    readers: ["study/results-file.ts parseResults", "study/results-file.ts openResultsFile"],
    form: "text",
    share: 1,
    corpus: async () => [
      `${JSON.stringify(record)}\n${JSON.stringify(tested)}\n`,
      `${JSON.stringify(record)}\n{"ty`,
    ],
    run: async (input, { write }) => {
      const opened = await openResultsFile(write("results.jsonl", input));
      await opened.close();
      parseResults(decode(input), "results");
    },
  },
  {
    name: "study-end",
    readers: ["study/results-file.ts parseEnd"],
    form: "text",
    share: 1,
    corpus: async () => [record, tested].map(({ result, cost }) => JSON.stringify({ result, cost })),
    run: async (input) => {
      parseEnd(parseJson(decode(input), "the queue"), "The queue");
    },
  },
  {
    name: "stored-data",
    readers: ["study/stored-inputs.ts fetchData", "store/stored-files.ts fetchFiles"],
    form: "json",
    share: 4,
    corpus: async () => [JSON.stringify(storedData)],
    run: async (input, { folder }) => {
      const { store, put } = openMemory();
      put("data/a.json", input);
      put(`files/${sha256}`, "");
      await fetchData(store, { listing: "a", folder: join(folder, "data") });
    },
  },
  {
    name: "stored-model",
    readers: ["study/stored-inputs.ts fetchModel"],
    form: "json",
    share: 4,
    corpus: async () => [JSON.stringify({ entry: "a.npz", files: [storedFile] })],
    run: async (input, { folder }) => {
      const { store, put } = openMemory();
      put("models/a.json", input);
      put(`files/${sha256}`, "");
      await fetchModel(store, { name: "a", folder: join(folder, "model") });
    },
  },
];
