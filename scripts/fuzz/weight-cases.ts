/** Cases of what holds weights: safetensors, .npz, the plan of a model, adapters, checkpoints. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { readAdapter, writeAdapter } from "../../src/adapter/adapter-file.ts";
import { RlrrError } from "../../src/errors.ts";
import { parseJson } from "../../src/files/read-json.ts";
import { listTensors } from "../../src/formats/list-tensors.ts";
import { npyHeaderBytes, parseNpyHeader } from "../../src/formats/npy.ts";
import { readNpz, readNpzArray } from "../../src/formats/npz.ts";
import { readSafetensors, readTensor, writeSafetensors } from "../../src/formats/safetensors.ts";
import { parseHeader } from "../../src/formats/safetensors-header.ts";
import type { Tensor } from "../../src/formats/tensor.ts";
import { readWeight } from "../../src/formats/weight-bytes.ts";
import type { Trainable } from "../../src/methods/method.ts";
import type { ModelHints } from "../../src/model/model-hints.ts";
import { planModel } from "../../src/model/plan-model.ts";
import { readModel } from "../../src/model/read-model.ts";
import { parseShardIndex } from "../../src/model/shard-index.ts";
import { openWeights } from "../../src/model/weight-source.ts";
import { type Position, parsePosition, readCheckpoint, writeCheckpoint } from "../../src/runs/checkpoint.ts";
import { modelCases } from "../../test/model-cases.ts";
import {
  classicTensors,
  googleArrays,
  seededWeights,
  timmTensors,
  transformers5Tensors,
} from "../../test/named-weights.ts";
import { npyBytes, npzBytes } from "../../test/npz-bytes.ts";
import { randomAdapter, tinyModel } from "../../test/tiny-model.ts";
import { decode, type FuzzCase, type Place } from "./fuzz-case.ts";

/** Models beyond the plain one whose weights say all that the case asks for. */
const variedCases: readonly string[] = [
  ...["DINOv2 with registers", "CLIP's image tower", "SigLIP's image tower", "DeiT with a teacher"],
  ...["DINOv3 with a gate", "timm vit_giant_patch14_dinov2 at 24 x 24"],
];

const small: ReadonlyMap<string, Tensor> = new Map([
  ["a.weight", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
  ["b", { shape: [], data: Float32Array.of(7) }],
  ["none", { shape: [0, 4], data: new Float32Array() }],
]);

async function safetensorsOf(place: Place, tensors: ReadonlyMap<string, Tensor>): Promise<Uint8Array> {
  const path = join(place.folder, "sound.safetensors");
  await writeSafetensors(path, tensors, { format: "pt", position: "{}" });
  return readFileSync(path);
}

/** A header of every number type, spans fitting. */
const manyTypes = JSON.stringify(
  Object.fromEntries([
    ["__metadata__", { format: "pt" }],
    ...Object.entries({ F32: 2, F16: 4, BF16: 4, F64: 1, I64: 1, BOOL: 8 }).map(([dtype, count], at) => [
      `t${at}`,
      { dtype, shape: [1, count], data_offsets: [at * 8, at * 8 + 8] },
    ]),
  ]),
);

/** Reads up to four of `names`; whatever one of them throws must not keep the others from being read. */
async function readSome(names: Iterable<string>, read: (name: string) => Promise<unknown>): Promise<void> {
  let first: unknown;
  for (const name of [...names].slice(0, 4))
    await read(name).catch((error: unknown) => {
      if (!(error instanceof RlrrError)) throw error;
      first ??= error;
    });
  if (first !== undefined) throw first;
}

const shapesOf = (tensors: ReadonlyMap<string, Tensor>): string =>
  JSON.stringify(Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape])));

const layouts = () => {
  const weights = seededWeights();
  return [
    classicTensors(weights),
    transformers5Tensors(weights),
    timmTensors(weights),
    googleArrays(weights),
  ];
};

/** What a header lets through as a shape. */
const isShape = (value: unknown): value is number[] =>
  Array.isArray(value) &&
  value.length <= 16 &&
  value.every((size) => Number.isSafeInteger(size) && size >= 0);

const model = tinyModel();
const trainables: readonly Trainable[] = [
  { name: "q.left", shape: [1, 4], decay: true, start: () => new Float32Array() },
  { name: "head.bias", shape: [3], decay: false, start: () => new Float32Array() },
];
const position: Position = {
  ...{ epoch: 2, stepInEpoch: 1, step: 7, lossSum: 1 / 3, correct: 5, seen: 8, lines: 9, seconds: 1.25 },
  ...{ best: { epoch: 1, top1: 62.5, loss: 0.7, highest: 62.5, floor: 50 }, finished: false },
};
const moments = (count: number) => ({
  parameter: new Float32Array(count).fill(0.5),
  first: new Float32Array(count),
  second: new Float32Array(count),
});

/** Methods whose adapters are damaged, by what their files say of them. */
const adapterMethods: readonly (readonly [method: string, hint: RegExp])[] = [
  ["lora", /lora/],
  ["vpt-deep", /vpt-deep|prompt/],
  ["rlrr", /"rlrr|left|scale/],
  ["linear", /(?:)/],
];

/** An adapter of which one file is damaged. */
const adapterCase = (
  file: string,
  { name, ...options }: Pick<FuzzCase, "name" | "form" | "share">,
): FuzzCase => ({
  name,
  readers: ["adapter/adapter-file.ts readAdapter", "adapter/adapter-config.ts parseAdapterConfig"],
  ...options,
  headerBytes: 3000,
  corpus: async ({ folder }) =>
    Promise.all(
      adapterMethods.map(async ([method]) => {
        const path = join(folder, `adapter-${method}`);
        await writeAdapter(path, await randomAdapter(model, { name: method }));
        return readFileSync(join(path, file));
      }),
    ),
  run: async (input, { folder, write }) => {
    const text = Buffer.from(input).toString("latin1");
    const [method] = adapterMethods.find(([, hint]) => hint.test(text)) ?? ["linear"];
    const path = join(folder, `adapter-${method}`);
    const sound = readFileSync(join(path, file));
    try {
      write(`adapter-${method}/${file}`, input);
      await readAdapter(path);
    } finally {
      write(`adapter-${method}/${file}`, sound);
    }
  },
});

export const weightCases: readonly FuzzCase[] = [
  {
    name: "safetensors-header",
    readers: ["formats/safetensors-header.ts parseHeader"],
    form: "json",
    share: 60,
    corpus: async () => [
      manyTypes,
      JSON.stringify({ a: { dtype: "F32", shape: [12], data_offsets: [0, 48] } }),
    ],
    run: (input) => {
      const json = decode(input);
      parseHeader(json, { where: "a file", dataStart: 8 + json.length, fileBytes: 8 + json.length + 48 });
    },
  },
  {
    name: "safetensors",
    readers: [
      "formats/safetensors.ts readSafetensors",
      "formats/safetensors.ts readTensor",
      "formats/list-tensors.ts listTensors",
      "files/read-file.ts readExactly",
    ],
    form: "bytes",
    share: 12,
    headerBytes: 300,
    corpus: async (place) => [
      await safetensorsOf(place, small),
      Buffer.concat([
        Buffer.from(new BigUint64Array([BigInt(manyTypes.length)]).buffer),
        Buffer.from(manyTypes),
        Buffer.alloc(48, 1),
      ]),
      "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    ],
    run: async (input, { write }) => {
      const file = await readSafetensors(write("input.safetensors", input));
      await listTensors(file.name);
      await readSome(file.tensors.keys(), (name) => readTensor(file, name));
    },
  },
  {
    name: "shard-index",
    readers: ["model/shard-index.ts parseShardIndex", "files/read-json.ts parseJson"],
    form: "json",
    share: 40,
    corpus: async () => [
      JSON.stringify({
        metadata: { total_size: 9 },
        weight_map: { a: "model-1-of-2.safetensors", b: "model-2-of-2.safetensors" },
      }),
    ],
    run: (input) => void parseShardIndex(parseJson(decode(input), "an index"), "an index"),
  },
  {
    name: "npy",
    readers: ["formats/npy.ts npyHeaderBytes", "formats/npy.ts parseNpyHeader"],
    form: "bytes",
    share: 60,
    headerBytes: 80,
    corpus: async () =>
      ([1, 2, 3] as const).flatMap((version) =>
        (["<f4", "<f8", "|V2"] as const).map((type) =>
          npyBytes({ shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }, { type, version }),
        ),
      ),
    run: (input) => {
      const bytes = npyHeaderBytes(input.subarray(0, 12), "an array");
      parseNpyHeader(input.subarray(0, bytes), { where: "an array", entryBytes: input.length });
    },
  },
  {
    name: "npz",
    readers: [
      "formats/npz.ts readNpz",
      "formats/npz.ts readNpzArray",
      "formats/zip-directory.ts openZip",
      "model/weight-source.ts openWeights",
    ],
    form: "bytes",
    share: 6,
    corpus: async () => [
      npzBytes(small),
      npzBytes(small, { deflate: true }),
      npzBytes(small, { type: "<f8", version: 2, columnMajor: true, deflate: true }),
      npzBytes(new Map([["long", { shape: [5000], data: new Float32Array(5000).fill(0.25) }]]), {
        deflate: true,
      }),
    ],
    run: async (input, { write }) => {
      const file = await readNpz(write("input.npz", input));
      await listTensors(file.path);
      await openWeights([file.path]);
      await readSome(file.arrays.keys(), (name) => readNpzArray(file, name));
    },
  },
  {
    name: "weight-plan",
    readers: [
      "model/plan-model.ts planModel",
      "model/find-scheme.ts findScheme",
      "model/model-hints.ts configureVit",
    ],
    form: "json",
    share: 8,
    corpus: async () => [
      ...layouts().map(shapesOf),
      ...modelCases.flatMap(({ title, tensors }) =>
        variedCases.includes(title) ? [JSON.stringify(tensors)] : [],
      ),
    ],
    run: (input) => {
      const value = parseJson(decode(input), "a file");
      const entries = value !== null && typeof value === "object" ? Object.entries(value) : [];
      const shapes = new Map(
        entries.flatMap(([name, shape]) => (isShape(shape) ? [[name, { shape }] as const] : [])),
      );
      const where = "a file";
      const { family, plan } = planModel(shapes, { where });
      const hints: ModelHints = { imageSize: [8, 20] };
      planModel(shapes, { where, hints });
      family.configure(plan, { where, heads: 2 });
    },
  },
  {
    name: "model-file",
    readers: ["model/read-model.ts readModel", "formats/weight-bytes.ts readWeight"],
    form: "bytes",
    share: 3,
    headerBytes: 3500,
    corpus: async (place) =>
      Promise.all(
        layouts()
          .slice(0, 3)
          .map((tensors) => safetensorsOf(place, tensors)),
      ),
    run: async (input, { write }) => {
      const { weights } = await readModel(write("input.safetensors", input), { imageSize: 16, heads: 2 });
      for (const weight of weights.values()) await readWeight(weight);
    },
  },
  adapterCase("rlrr_adapter.json", { name: "adapter-config", form: "json", share: 4 }),
  adapterCase("adapter_model.safetensors", { name: "adapter-tensors", form: "bytes", share: 3 }),
  adapterCase("preprocessor_config.json", { name: "adapter-steps", form: "json", share: 3 }),
  {
    name: "checkpoint",
    readers: ["runs/checkpoint.ts readCheckpoint"],
    form: "bytes",
    share: 8,
    headerBytes: 900,
    corpus: async ({ folder }) => {
      const path = join(folder, "sound-checkpoint.safetensors");
      const state = new Map(trainables.map(({ name }, at) => [name, moments([4, 3][at] ?? 0)]));
      await writeCheckpoint(path, { position, state });
      return [readFileSync(path)];
    },
    run: async (input, { write }) =>
      void (await readCheckpoint(write("checkpoint.safetensors", input), trainables)),
  },
  {
    name: "position",
    readers: ["runs/checkpoint.ts parsePosition"],
    form: "json",
    share: 40,
    corpus: async () => [JSON.stringify(position)],
    run: (input) => void parsePosition(decode(input), "a checkpoint"),
  },
];
