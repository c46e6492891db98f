import {
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { modelCases, readCase } from "../../test/model-cases.ts";
import {
  classicTensors,
  googleArrays,
  seededConfig,
  seededWeights,
  timmTensors,
  transformers5Tensors,
} from "../../test/named-weights.ts";
import { npzBytes } from "../../test/npz-bytes.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { EngineError, FileError } from "../errors.ts";
import { temporaryPathOf } from "../files/temporary-paths.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import { isStored, type Tensor } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { plainVitOf } from "./architectures.ts";
import { hashWeights } from "./hash.ts";
import type { Model } from "./model.ts";
import { type ModelProgress, readModel } from "./read-model.ts";

const vitOf = ({ config }: Model) => plainVitOf(config, "The test");

const folder = temporaryFolder("read-model");
const cacheBefore = process.env.RLRR_CACHE;
process.env.RLRR_CACHE = join(folder, "cache");
afterAll(() => {
  if (cacheBefore === undefined) delete process.env.RLRR_CACHE;
  else process.env.RLRR_CACHE = cacheBefore;
});

const weights = seededWeights();
const heads = seededConfig.heads;
type Tensors = ReadonlyMap<string, Tensor>;

let count = 0;
async function safetensors(tensors: Tensors, name = `tiny${count++}.safetensors`): Promise<string> {
  const path = join(folder, name);
  await writeSafetensors(path, tensors);
  return path;
}

function npz(arrays: Tensors, options: Parameters<typeof npzBytes>[1] = {}): string {
  const path = join(folder, `tiny${count++}.npz`);
  writeFileSync(path, npzBytes(arrays, options));
  return path;
}

/** A folder with a model of the classic layout and the configurations given. */
async function modelFolder(
  configs: Readonly<Record<string, unknown>>,
  tensors: Tensors = classicTensors(weights),
) {
  const path = join(folder, `folder${count++}`);
  mkdirSync(path);
  await writeSafetensors(join(path, "model.safetensors"), tensors);
  for (const [name, value] of Object.entries(configs)) writeFileSync(join(path, name), JSON.stringify(value));
  return path;
}

async function numbersOf(model: Model): Promise<Map<string, Tensor>> {
  const read = new Map<string, Tensor>();
  for (const [name, weight] of model.weights) read.set(name, await readWeight(weight));
  return read;
}

const without = (tensors: Tensors, ...names: string[]): Tensors =>
  new Map([...tensors].filter(([name]) => !names.includes(name)));

const withTensor = (tensors: Tensors, name: string, shape: readonly number[] = [1]): Tensors =>
  new Map([...tensors, [name, { shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) }]]);

const config = {
  model_type: "vit",
  hidden_size: 16,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 24,
  layer_norm_eps: 1e-5,
  image_size: 12,
  patch_size: 4,
  id2label: { "0": "cat", "1": "dog", "2": "owl" },
};

describe("readModel", () => {
  it.each<[string, () => Promise<string> | string]>([
    ["timm names", () => safetensors(timmTensors(weights))],
    ["Hugging Face names", () => safetensors(classicTensors(weights))],
    ["Hugging Face names without vit.", () => safetensors(classicTensors(weights, ""))],
    ["Hugging Face names of a plain DeiT", () => safetensors(classicTensors(weights, "deit."))],
    ["transformers 5 names", () => safetensors(transformers5Tensors(weights))],
    ["transformers 5 names without vit.", () => safetensors(transformers5Tensors(weights, ""))],
    ["our own names", () => safetensors(weights)],
    ["Google arrays", () => npz(googleArrays(weights))],
    ["Google arrays under opt/target/", () => npz(googleArrays(weights, "opt/target/"), { deflate: true })],
    ["Google arrays under params/", () => npz(googleArrays(weights, "params/"), { type: "|V2" })],
  ])("reads the same model from %s", async (_, make) => {
    const model = await readModel(await make(), { heads });
    expect(model.config).toEqual({ ...seededConfig, layerNormEps: vitOf(model).layerNormEps });
    expect([...model.weights.keys()]).toEqual([...weights.keys()]);
    expect(await numbersOf(model)).toEqual(weights);
    expect(await hashWeights(model)).toBe("49a4e648a3a2334cc41c054b2bb58703b8773f4098087a094399363bc45ef6cb");
  });

  it("leaves float32 on disk, under a path without symbolic links", async () => {
    const path = await safetensors(timmTensors(weights));
    const link = join(folder, "linked.safetensors");
    symlinkSync(path, link);
    const model = await readModel(link, { heads });
    for (const weight of model.weights.values())
      expect(isStored(weight) && weight.path).toBe(realpathSync(path));
  });

  it("reads big_vision's arrays", async () => {
    const rename = (name: string) =>
      name
        .replace("MultiHeadDotProductAttention_1", "MultiHeadDotProductAttention_0")
        .replace("MlpBlock_3", "MlpBlock_0")
        .replace("LayerNorm_2", "LayerNorm_1")
        .replace("Transformer/posembed_input/pos_embedding", "pos_embedding");
    const arrays = new Map(
      [...googleArrays(weights, "params/")].map(([name, array]) => [rename(name), array]),
    );
    expect(await numbersOf(await readModel(npz(arrays)))).toEqual(weights);
  });

  /** Temporary files in the cache. */
  const hidden = () => readdirSync(join(folder, "cache", "weights")).filter((name) => name.startsWith("."));

  it("converts once, and again when the file changes or the conversion is damaged", async () => {
    const path = npz(googleArrays(weights));
    const seen: ModelProgress[] = [];
    const first = await readModel(path, { onProgress: (progress) => seen.push(progress) });
    const tensors = weights.size;
    expect(seen.at(-1)).toEqual({
      type: "convert",
      file: path.slice(folder.length + 1),
      done: tensors,
      total: tensors,
    });
    const converted = [...first.weights.values()].map((weight) => isStored(weight) && weight.path)[0] || "";
    expect(first.notes.at(-1)).toBe(`The weights were converted to float32: ${converted}.`);
    expect((await readModel(path)).notes.at(-1)).toBe(`An earlier conversion was used: ${converted}.`);
    writeFileSync(converted, "damage");
    expect(await numbersOf(await readModel(path))).toEqual(weights);
    utimesSync(path, 1, 1);
    expect((await readModel(path)).notes.at(-1)).not.toContain(converted);
    expect(hidden()).toEqual([]);
  });

  it("converts once for two who ask at the same time", async () => {
    const path = npz(googleArrays(weights));
    const seen: ModelProgress[] = [];
    const onProgress = (progress: ModelProgress) => void seen.push(progress);
    const [one, two] = await Promise.all([readModel(path, { onProgress }), readModel(path, { onProgress })]);
    expect(seen).toHaveLength(weights.size);
    expect(await numbersOf(one)).toEqual(weights);
    expect(await numbersOf(two)).toEqual(weights);
    expect(hidden()).toEqual([]);
  });

  it("removes what was killed while it converted the same model, and nothing else", async () => {
    const path = npz(googleArrays(weights));
    const [weight] = (await readModel(path)).weights.values();
    const converted = weight && isStored(weight) ? weight.path : "";
    rmSync(converted);
    const half = temporaryPathOf(converted);
    writeFileSync(half, "half");
    const foreign = join(dirname(half), ".other.0123abcd.rlrr-tmp");
    writeFileSync(foreign, "somebody else's");
    await readModel(path);
    expect(hidden()).toEqual([".other.0123abcd.rlrr-tmp"]);
    rmSync(foreign);
  });

  it("stops converting when told, and leaves nothing", async () => {
    const path = npz(googleArrays(weights));
    const before = readdirSync(join(folder, "cache", "weights")).length;
    const abort = new AbortController();
    const onProgress = ({ done }: ModelProgress) => done === 5 && abort.abort(new Error("enough"));
    await expect(readModel(path, { signal: abort.signal, onProgress })).rejects.toThrow("enough");
    expect(readdirSync(join(folder, "cache", "weights"))).toHaveLength(before);
  });

  it("says what it inferred", async () => {
    const model = await readModel(
      await safetensors(without(timmTensors(weights), "head.weight", "head.bias")),
      { heads },
    );
    expect(model.notes).toEqual([
      "Image size 12 was inferred from 9 positions and patches of 4.",
      "No config.json says what the weights compute; assumed are exact GELU, norms before attention and MLP, a head that reads the CLS token and a layer-norm epsilon of 0.000001 (the default of timm).",
    ]);
    expect(model.config.classes).toBe(0);
    const google = await readModel(npz(googleArrays(weights)));
    expect(vitOf(google).heads).toBe(2);
    const bare = await readModel(await safetensors(classicTensors(weights)), { heads });
    expect(vitOf(bare).layerNormEps).toBe(1e-12);
    expect(bare.notes.at(-1)).toBe(
      "No config.json says what the weights compute; assumed are exact GELU, norms before attention and MLP, a head that reads the CLS token and a layer-norm epsilon of 1e-12 (the default of Hugging Face).",
    );
  });

  it("ignores what a plain ViT can do without, and says so", async () => {
    const extra = withTensor(
      withTensor(classicTensors(weights), "vit.pooler.dense.weight"),
      "vit.embeddings.mask_token",
    );
    const model = await readModel(await safetensors(extra), { heads });
    expect(model.notes.slice(0, 2)).toEqual(["Ignored the pooler.", "Ignored the mask token."]);
    const old = withTensor(googleArrays(weights), "pre_logits/kernel", [16, 16]);
    const google = await readModel(npz(old));
    expect(google.config.classes).toBe(0);
    expect(google.weights.has("head.weight")).toBe(false);
    expect(google.notes.slice(0, 2)).toEqual([
      "Ignored the layer before the head (pre_logits).",
      "Ignored the head, which works only behind pre_logits.",
    ]);
  });

  it("fills in zeros where q, k and v have no biases", async () => {
    const names = [...classicTensors(weights).keys()].filter((name) => /(query|key|value)\.bias$/.test(name));
    const model = await readModel(await safetensors(without(classicTensors(weights), ...names)), { heads });
    expect(model.notes[0]).toBe("q, k and v have no biases; zeros take their place.");
    expect(model.weights.get("blocks.1.k.bias")).toEqual({ shape: [16], data: new Float32Array(16) });
  });

  it("reads a folder with its configuration", async () => {
    const path = await modelFolder({
      "config.json": config,
      "preprocessor_config.json": { size: { height: 12, width: 12 }, resample: 3 },
    });
    const model = await readModel(path);
    expect(model).toMatchObject({
      id: path.slice(folder.length + 1),
      config: { ...seededConfig, layerNormEps: 1e-5 },
      labels: ["cat", "dog", "owl"],
      preprocessing: [
        ["resize", { size: [12, 12], filter: "bicubic" }],
        ["normalize", { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }],
      ],
      notes: [],
    });
    const file = await readModel(join(path, "model.safetensors"));
    expect(file).toEqual({
      ...model,
      source: join(path, "model.safetensors"),
      notes: ["config.json beside model.safetensors was read with it."],
    });
  });

  it("reads the configuration beside a file of another name, and does not guess the heads", async () => {
    const path = await modelFolder({ "config.json": { ...config, num_attention_heads: 8 } });
    renameSync(join(path, "model.safetensors"), join(path, "my-vit.safetensors"));
    const named = await readModel(join(path, "my-vit.safetensors"));
    expect(vitOf(named).heads).toBe(8);
    expect(named.labels).toEqual(["cat", "dog", "owl"]);
    expect(named.notes).toEqual(["config.json beside my-vit.safetensors was read with it."]);
    const whole = await readModel(path);
    expect(whole.config).toEqual(named.config);
    expect(whole.notes).toEqual([
      `my-vit.safetensors was read, as ${basename(path)} has no model.safetensors.`,
    ]);
  });

  it("says what to do where the configuration beside a file is another's", async () => {
    const path = await modelFolder({ "config.json": { port: 8080 } });
    const file = join(path, "my-vit.safetensors");
    renameSync(join(path, "model.safetensors"), file);
    const { notes } = await readModel(file, { heads });
    expect(notes[1]).toBe(`${join(path, "config.json")} describes no model, so it was not used.`);
    const advice =
      "If it is not the configuration of my-vit.safetensors, move my-vit.safetensors to another folder.";
    for (const [other, message] of [
      [{ ...config, hidden_size: 32 }, `hidden_size is 32, but the weights in ${file} have 16. ${advice}`],
      [{ model_type: "bert" }, advice],
    ] as const) {
      writeFileSync(join(path, "config.json"), JSON.stringify(other));
      const error = await readModel(file, { heads }).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(FileError);
      expect(String(error)).toContain(message);
    }
  });

  it("reads shards", async () => {
    const path = join(folder, "sharded");
    mkdirSync(path);
    const all = [...classicTensors(weights)];
    const map: Record<string, string> = {};
    for (const [index, part] of [all.slice(0, 20), all.slice(20)].entries()) {
      const shard = `model-0000${index + 1}-of-00002.safetensors`;
      await writeSafetensors(join(path, shard), new Map(part));
      for (const [name] of part) map[name] = shard;
    }
    writeFileSync(join(path, "model.safetensors.index.json"), JSON.stringify({ weight_map: map }));
    writeFileSync(join(path, "config.json"), JSON.stringify(config));
    expect(await numbersOf(await readModel(path))).toEqual(weights);
  });

  it("reads timm's folder", async () => {
    const path = await modelFolder(
      {
        "config.json": {
          architecture: "vit_tiny_patch16_224",
          label_names: ["cat", "dog", "owl"],
          global_pool: "token",
          model_args: { num_heads: 2 },
          pretrained_cfg: {
            input_size: [3, 12, 12],
            interpolation: "bicubic",
            crop_pct: 0.9,
            mean: [0.5, 0.5, 0.5],
            std: [0.25, 0.25, 0.25],
          },
        },
      },
      timmTensors(weights),
    );
    expect(await readModel(path)).toMatchObject({
      config: seededConfig,
      labels: ["cat", "dog", "owl"],
      preprocessing: [
        ["resizeShort", { size: 13, filter: "bicubic" }],
        ["centerCrop", { size: [12, 12] }],
        ["normalize", { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] }],
      ],
      notes: [],
    });
  });

  it("interpolates the positions for another image size, which leaves the hash as it is", async () => {
    const path = await modelFolder({ "config.json": config, "preprocessor_config.json": { size: 12 } });
    const stored = await readModel(path);
    const larger = await readModel(path, { imageSize: [16, 20] });
    expect(larger.config.imageSize).toEqual([16, 20]);
    expect(larger.weights.get("position")?.shape).toEqual([1, 21, 16]);
    expect(larger.preprocessing?.[0]).toEqual(["resize", { size: [16, 20], filter: "bilinear" }]);
    expect(larger.notes).toEqual([
      "Positions were interpolated from 3 x 3 to 4 x 5 patches (bicubic).",
      "Preprocessing was changed from 12 x 12 to 16 x 20 pixels.",
    ]);
    expect(await hashWeights(larger)).toBe(await hashWeights(stored));
    const zoomed = await readModel(path, { imageSize: 16, positionMethod: "bilinear-zoom" });
    expect(zoomed.notes[0]).toBe("Positions were interpolated from 3 x 3 to 4 x 4 patches (bilinear-zoom).");
  });
});

describe("readModel of DINOv2", () => {
  const one = modelCases.find(({ config }) => config?.model_type === "dinov2");
  const patch = Number(one?.config?.patch_size);

  it.each([
    ["at the size of its preprocessing, as transformers runs it", 5 * patch, [5 * patch, 5 * patch]],
    ["at its own size where the other does not hold whole patches", 3 * patch + 1, one?.imageSize],
  ])("reads it %s", async (_, side, expected) => {
    if (one === undefined) throw new Error("no such case");
    const path = join(folder, `dinov2-${side}`);
    await readCase(one, path);
    const crop = { height: side, width: side };
    const steps = { image_processor_type: "BitImageProcessor", size: { shortest_edge: 40 }, crop_size: crop };
    writeFileSync(join(path, "preprocessor_config.json"), JSON.stringify(steps));
    const { config, notes } = await readModel(path);
    expect(config.imageSize).toEqual(expected);
    const interpolated = notes.filter((note) => note.startsWith("Positions were interpolated"));
    expect(interpolated.map((note) => note.endsWith("(bicubic-aliased).")).join()).toBe(
      side % patch === 0 ? "true" : "",
    );
  });
});

describe("readModel refuses", () => {
  const timm = timmTensors(weights);

  it("weights of whole numbers", async () => {
    const path = await safetensors(timm);
    writeFileSync(path, Buffer.from(readFileSync(path, "latin1").replaceAll('"F32"', '"I32"'), "latin1"));
    await expect(readModel(path, { heads })).rejects.toThrow(
      new FileError(
        `${path}: tensor "patch_embed.proj.weight" has dtype I32; weights are F32, F16, BF16 or F64.`,
      ),
    );
  });

  it("weights that its configuration does not describe", async () => {
    const path = await modelFolder({ "config.json": { ...config, num_hidden_layers: 12 } });
    await expect(readModel(path)).rejects.toThrow(
      new FileError(
        `${join(path, "config.json")}: num_hidden_layers is 12, but the weights in ${join(path, "model.safetensors")} have 2.`,
      ),
    );
  });

  it.each([
    ["timm vit_base_patch16_clip_224", "openai", 5],
    ["ConvNeXt of timm", "clip_laion2b", 5],
  ])("a head that is CLIP's projection, which is ignored: %s", async (title, tag, classes) => {
    const clip = modelCases.find((one) => one.title.startsWith(title));
    if (!clip) throw new Error("no case");
    let count = 0;
    const read = (pretrained: object, own: object = {}) => {
      const known = { ...(clip.config?.pretrained_cfg as object), ...pretrained };
      const config = { ...clip.config, ...own, pretrained_cfg: known };
      return readCase({ ...clip, config }, join(folder, `projection ${title} ${count++}`));
    };
    const model = await read({ tag });
    expect(model.config.classes).toBe(0);
    expect(model.notes.join()).toContain("the projection to the space of texts");
    // Somebody has trained a head in its place.
    const labels = Array.from({ length: classes }, (_, index) => `label ${index}`);
    const finetuned = [
      [{ tag: `${tag}_ft_in1k` }, {}],
      [{ tag }, { label_names: labels }],
      [{ tag }, { num_classes: classes }],
    ] as const;
    for (const [pretrained, own] of finetuned)
      expect((await read(pretrained, own)).config.classes).toBe(classes);
  });

  it.each([
    ["Swin of timm", { in_chans: 3, num_classes: 5, global_pool: "avg" }],
    ["ResNet of timm", { in_chans: 3, num_classes: 5, global_pool: "avg" }],
  ])("what timm writes beside the sizes of a network with stages: %s", async (title, args) => {
    const known = modelCases.find((one) => one.title.startsWith(title));
    if (!known) throw new Error("no case");
    const own = known.config?.model_args as object;
    const config = { ...known.config, model_args: { ...own, ...args } };
    const path = join(folder, `arguments ${title}`);
    expect((await readCase({ ...known, config }, path)).config.classes).toBe(5);
    const other = { ...config, model_args: { ...own, ...args, global_pool: "max" } };
    await expect(readCase({ ...known, config: other }, `${path} max`)).rejects.toThrow(
      'global_pool is "max"',
    );
  });

  it("an image size that its stages leave nothing of", async () => {
    const known = modelCases.find((one) => one.title.startsWith("ConvNeXt of timm"));
    if (!known) throw new Error("no case");
    const config = { ...known.config, pretrained_cfg: { input_size: [3, 4, 4] } };
    await expect(readCase({ ...known, config }, join(folder, "too small"))).rejects.toThrow(
      "images need at least",
    );
  });

  it("an image size that no model has", async () => {
    const known = modelCases.find(({ config }) => config?.model_type === "dinov3_vit");
    if (!known) throw new Error("no case");
    const config = { ...known.config, image_size: 200_000 };
    await expect(readCase({ ...known, config }, join(folder, "too large"))).rejects.toThrow(
      "pixels a side are allowed",
    );
  });

  it("a configuration of another model than the weights'", async () => {
    const path = join(folder, "towers");
    const clip = modelCases.find(({ title }) => title === "CLIP's image tower");
    if (!clip) throw new Error("no case");
    await expect(readCase({ ...clip, config: { model_type: "vit" } }, path)).rejects.toThrow(
      new FileError(
        `${join(path, "config.json")}: model_type is "vit", but the weights in ${join(path, "model.safetensors")} have the names of Hugging Face (CLIP).`,
      ),
    );
  });

  it("a cache that cannot be written", async () => {
    const path = npz(googleArrays(weights));
    const cache = process.env.RLRR_CACHE;
    process.env.RLRR_CACHE = path;
    const reading = readModel(path).finally(() => {
      process.env.RLRR_CACHE = cache;
    });
    await expect(reading).rejects.toThrow(
      new EngineError(
        `${path}/weights could not be written: part of its path is a file, not a folder. Write elsewhere. RLRR_CACHE names another folder for converted weights.`,
      ),
    );
  });

  it.each<[string, string, string]>([
    ["config.json", "{", "C is not JSON (Expected property name or '}' in JSON at position 1"],
    ["config.json", "[]", "C: model_type is nothing; models of these types can be read: "],
    [
      "preprocessor_config.json",
      '{"resample": 9}',
      "C: resample is 9, which is not valid in an image processor.",
    ],
    [
      "preprocessor_config.json",
      '{"size": "big"}',
      'C: size is "big", which is not valid in an image processor.',
    ],
    [
      "preprocessor_config.json",
      '{"rlrr_steps": []}',
      "C: rlrr_steps: preprocessing has no normalize step; it must end with one.",
    ],
  ])("a damaged %s (%#)", async (name, text, message) => {
    const path = await modelFolder({ "config.json": config });
    writeFileSync(join(path, name), text);
    const error = await readModel(path).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FileError);
    expect(String(error)).toContain(message.replace("C", join(path, name)));
  });
});
