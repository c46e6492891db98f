/** One ViT with seeded weights, under our names and under those of other projects. */

import { sizeOf, type Tensor } from "../src/formats/tensor.ts";
import { modelShapes } from "../src/model/architectures.ts";
import type { VitConfig } from "../src/model/vit.ts";

type Tensors = ReadonlyMap<string, Tensor>;

/** Nothing is square that need not be, so that a swapped axis shows. */
export const seededConfig: VitConfig = {
  imageSize: [12, 12],
  patchSize: 4,
  width: 16,
  depth: 2,
  heads: 2,
  mlpWidth: 24,
  layerNormEps: 1e-6,
  classes: 3,
};

/** Numbers from -1 to 1 that bfloat16 holds exactly, so that every file format gives the same ones. */
function* exactNumbers(seed: number): Generator<number, never> {
  for (let state = seed >>> 0; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield ((state >>> 24) - 128) / 128;
  }
}

/** Weights by our names. */
export function seededWeights(config = seededConfig): Map<string, Tensor> {
  const numbers = exactNumbers(1);
  return new Map(
    [...modelShapes(config)].map(([name, shape]) => [
      name,
      { shape, data: Float32Array.from({ length: sizeOf(shape) }, () => numbers.next().value) },
    ]),
  );
}

interface Place {
  /** The number of the block; absent outside. */
  readonly block: string | undefined;
  /** `q`, `patch`, `cls`. */
  readonly layer: string;
  /** `weight` or `bias`; absent for `cls` and `position`. */
  readonly kind: string | undefined;
}

function placeOf(ours: string): Place {
  const [, , block, layer = ours, kind] = /^(blocks\.(\d+)\.)?(.+?)(?:\.(weight|bias))?$/.exec(ours) ?? [];
  return { block, layer, kind };
}

/** Patches with their three axes. */
const withPatchAxes = (weights: Tensors): Map<string, Tensor> => {
  const { width, patchSize } = seededConfig;
  const data = weights.get("patch.weight")?.data ?? new Float32Array(0);
  return new Map([...weights, ["patch.weight", { shape: [width, 3, patchSize, patchSize], data }]]);
};

interface TorchNames {
  readonly prefix: string;
  readonly blockRoot: string;
  readonly outer: Readonly<Record<string, string>>;
  readonly block: Readonly<Record<string, string>>;
}

const torchName = (ours: string, { prefix, blockRoot, outer, block }: TorchNames): string => {
  const place = placeOf(ours);
  const inner = place.block === undefined ? outer[place.layer] : block[place.layer];
  const root = place.block === undefined ? "" : `${blockRoot}${place.block}.`;
  const name = `${root}${inner ?? place.layer}${place.kind === undefined ? "" : `.${place.kind}`}`;
  return place.layer === "head" ? name : prefix + name;
};

const renamed = (weights: Tensors, names: TorchNames): Map<string, Tensor> =>
  new Map([...withPatchAxes(weights)].map(([ours, tensor]) => [torchName(ours, names), tensor]));

const huggingFaceOuter = {
  cls: "embeddings.cls_token",
  position: "embeddings.position_embeddings",
  patch: "embeddings.patch_embeddings.projection",
  norm: "layernorm",
  head: "classifier",
};

/** transformers, as on disk. */
export const classicTensors = (weights: Tensors, prefix = "vit."): Map<string, Tensor> =>
  renamed(weights, {
    prefix,
    blockRoot: "encoder.layer.",
    outer: huggingFaceOuter,
    block: {
      norm1: "layernorm_before",
      q: "attention.attention.query",
      k: "attention.attention.key",
      v: "attention.attention.value",
      o: "attention.output.dense",
      norm2: "layernorm_after",
      fc1: "intermediate.dense",
      fc2: "output.dense",
    },
  });

/** transformers 5, as in memory. */
export const transformers5Tensors = (weights: Tensors, prefix = "vit."): Map<string, Tensor> =>
  renamed(weights, {
    prefix,
    blockRoot: "layers.",
    outer: huggingFaceOuter,
    block: {
      norm1: "layernorm_before",
      q: "attention.q_proj",
      k: "attention.k_proj",
      v: "attention.v_proj",
      o: "attention.o_proj",
      norm2: "layernorm_after",
      fc1: "mlp.fc1",
      fc2: "mlp.fc2",
    },
  });

/** timm, with q, k and v fused. */
export function timmTensors(weights: Tensors): Map<string, Tensor> {
  const names: TorchNames = {
    prefix: "",
    blockRoot: "blocks.",
    outer: { cls: "cls_token", position: "pos_embed", patch: "patch_embed.proj" },
    block: { q: "attn.qkv", k: "attn.qkv", v: "attn.qkv", o: "attn.proj", fc1: "mlp.fc1", fc2: "mlp.fc2" },
  };
  const tensors = new Map<string, Tensor>();
  for (const [ours, tensor] of withPatchAxes(weights)) {
    const name = torchName(ours, names);
    const { shape: [rows = 0] = [], data = [] } = tensors.get(name) ?? {};
    const [more = 0, ...rest] = tensor.shape;
    tensors.set(name, { shape: [rows + more, ...rest], data: Float32Array.from([...data, ...tensor.data]) });
  }
  return tensors;
}

/** [columns, rows] of [rows, columns]. */
const transpose = ({ shape: [rows = 0, columns = 0], data }: Tensor): Float32Array =>
  Float32Array.from(data, (_, at) => data[(at % rows) * columns + Math.floor(at / rows)] ?? 0);

/** [p, p, 3, D] of [D, 3·p·p]. */
function patchKernel({ data }: Tensor): Float32Array {
  const { patchSize: p, width } = seededConfig;
  const result = new Float32Array(data.length);
  for (let d = 0; d < width; d++)
    for (let c = 0; c < 3; c++)
      for (let y = 0; y < p; y++)
        for (let x = 0; x < p; x++)
          result[((y * p + x) * 3 + c) * width + d] = data[((d * 3 + c) * p + y) * p + x] ?? 0;
  return result;
}

/** A layer of Google's: its name there, and the shapes of its kernel and bias. */
function googleLayer(
  layer: string,
): readonly [name: string, kernel: readonly number[], bias: readonly number[]] {
  const { width, heads, mlpWidth, classes, patchSize } = seededConfig;
  const split = [heads, width / heads];
  const attention = "MultiHeadDotProductAttention_1";
  switch (layer) {
    case "patch":
      return ["embedding", [patchSize, patchSize, 3, width], [width]];
    case "q":
    case "k":
    case "v":
      return [`${attention}/${{ q: "query", k: "key", v: "value" }[layer]}`, [width, ...split], split];
    case "o":
      return [`${attention}/out`, [...split, width], [width]];
    case "fc1":
      return ["MlpBlock_3/Dense_0", [width, mlpWidth], [mlpWidth]];
    case "fc2":
      return ["MlpBlock_3/Dense_1", [mlpWidth, width], [width]];
    default:
      return ["head", [width, classes], [classes]];
  }
}

/** Google's JAX arrays. */
export function googleArrays(weights: Tensors, prefix = ""): Map<string, Tensor> {
  const norms: Readonly<Record<string, string>> = {
    norm: "Transformer/encoder_norm",
    norm1: "LayerNorm_0",
    norm2: "LayerNorm_2",
  };
  const arrays = new Map<string, Tensor>();
  for (const [ours, tensor] of weights) {
    const { block, layer, kind } = placeOf(ours);
    const root = prefix + (block === undefined ? "" : `Transformer/encoderblock_${block}/`);
    const norm = norms[layer];
    if (layer === "cls") arrays.set(`${prefix}cls`, tensor);
    else if (layer === "position") arrays.set(`${prefix}Transformer/posembed_input/pos_embedding`, tensor);
    else if (norm) arrays.set(`${root}${norm}/${kind === "weight" ? "scale" : "bias"}`, tensor);
    else {
      const [name, kernel, bias] = googleLayer(layer);
      const weight = () => (layer === "patch" ? patchKernel(tensor) : transpose(tensor));
      arrays.set(
        `${root}${name}/${kind === "weight" ? "kernel" : "bias"}`,
        kind === "weight" ? { shape: kernel, data: weight() } : { shape: bias, data: tensor.data },
      );
    }
  }
  return arrays;
}
