import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { classicTensors, seededConfig, seededWeights } from "../../test/named-weights.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { InputError } from "../errors.ts";
import { readSafetensors } from "../formats/safetensors.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import type { Step } from "../preprocessing/steps.ts";
import { hashWeights } from "./hash.ts";
import { readModel } from "./read-model.ts";
import { writeModel } from "./write-model.ts";

const folder = temporaryFolder("write-model");
const weights = seededWeights();
const preprocessing: readonly Step[] = [
  ["resizeShort", { size: 14, filter: "bicubic" }],
  ["centerCrop", { size: [12, 12] }],
  ["normalize", { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }],
];
const model = { config: seededConfig, weights, labels: ["cat", "dog", "__proto__"], preprocessing };

describe("writeModel", () => {
  it("writes what readModel reads: the same weights, labels, sizes and steps", async () => {
    const path = join(folder, "round");
    await writeModel(path, model);
    const read = await readModel(path);
    expect(read).toMatchObject({ config: seededConfig, labels: model.labels, preprocessing, notes: [] });
    for (const [name, weight] of read.weights) expect(await readWeight(weight)).toEqual(weights.get(name));
    expect(read.weights.size).toBe(weights.size);
    expect(await hashWeights(read)).toBe(await hashWeights(model));
  });

  it("writes the classic names, and config.json as transformers does", async () => {
    const path = join(folder, "round");
    expect(readdirSync(path).sort()).toEqual([
      "config.json",
      "model.safetensors",
      "preprocessor_config.json",
    ]);
    const file = await readSafetensors(join(path, "model.safetensors"));
    expect([...file.metadata]).toEqual([["format", "pt"]]);
    const shapes = new Map([...file.tensors].map(([name, { shape }]) => [name, shape]));
    expect(shapes).toEqual(new Map([...classicTensors(weights)].map(([name, { shape }]) => [name, shape])));
    expect(readFileSync(join(path, "config.json"), "utf8")).toMatchInlineSnapshot(`
      "{
        "architectures": [
          "ViTForImageClassification"
        ],
        "attention_probs_dropout_prob": 0,
        "encoder_stride": 4,
        "hidden_act": "gelu",
        "hidden_dropout_prob": 0,
        "hidden_size": 16,
        "id2label": {
          "0": "cat",
          "1": "dog",
          "2": "__proto__"
        },
        "image_size": 12,
        "initializer_range": 0.02,
        "intermediate_size": 24,
        "label2id": {
          "cat": 0,
          "dog": 1,
          "__proto__": 2
        },
        "layer_norm_eps": 0.000001,
        "model_type": "vit",
        "num_attention_heads": 2,
        "num_channels": 3,
        "num_hidden_layers": 2,
        "patch_size": 4,
        "problem_type": "single_label_classification",
        "qkv_bias": true,
        "torch_dtype": "float32"
      }
      "
    `);
  });

  it("writes a backbone without a head, at a size that is not square, and reads it back", async () => {
    const path = join(folder, "headless");
    const config = { ...seededConfig, classes: 0, imageSize: [8, 16] as const };
    await writeModel(path, { config, weights: seededWeights(config), labels: [] });
    const read = await readModel(path);
    expect(read).toMatchObject({ config, labels: [] });
    expect(read.preprocessing).toBeUndefined();
    expect(JSON.parse(readFileSync(join(path, "config.json"), "utf8"))).toMatchObject({
      architectures: ["ViTModel"],
      image_size: [8, 16],
    });
  });

  it("copies weights from disk, even from the folder that it replaces", async () => {
    const path = join(folder, "copied");
    await writeModel(path, model);
    const read = await readModel(path);
    await writeModel(path, { ...read, labels: ["a", "b", "c"] }, { replace: true });
    const again = await readModel(path);
    expect(again.labels).toEqual(["a", "b", "c"]);
    expect(await hashWeights(again)).toBe(await hashWeights(model));
    expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("refuses a folder in use, and one of another kind even when told to replace", async () => {
    const taken = join(folder, "taken");
    await writeModel(taken, model);
    const message = `${taken} is not empty. Name a new or an empty folder.`;
    await expect(writeModel(taken, model)).rejects.toThrow(new InputError(message));
    writeFileSync(join(taken, "thesis.txt"), "mine");
    await expect(writeModel(taken, model, { replace: true })).rejects.toThrow(new InputError(message));
    expect(readFileSync(join(taken, "thesis.txt"), "utf8")).toBe("mine");
    const empty = join(folder, "empty");
    mkdirSync(empty);
    await writeModel(empty, model);
  });

  it("leaves nothing when a weight is missing or misshaped", async () => {
    const path = join(folder, "broken");
    const missing = new Map([...weights].filter(([name]) => name !== "blocks.1.q.bias"));
    await expect(writeModel(path, { ...model, weights: missing })).rejects.toThrow(
      new InputError('writeModel: weight "blocks.1.q.bias" is missing; [16] is needed.'),
    );
    const wrong = new Map([...weights, ["cls", { shape: [16], data: new Float32Array(16) }]]);
    await expect(writeModel(path, { ...model, weights: wrong })).rejects.toThrow(
      new InputError('writeModel: weight "cls" has shape [16]; [1, 1, 16] is needed.'),
    );
    await expect(writeModel(path, { ...model, labels: ["a"] })).rejects.toThrow(
      new InputError("writeModel: there are 1 labels for 3 classes."),
    );
    expect(readdirSync(folder)).not.toContain("broken");
  });
});
