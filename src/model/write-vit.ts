/** A Vision Transformer as transformers stores it: its config.json, and the classic names of its weights. */

import type { Tensor, Weight, Weights } from "../formats/tensor.ts";
import { needed } from "../needed.ts";
import type { RenderWeightsOptions } from "./family.ts";
import { patchGrid, type VitConfig } from "./vit-config.ts";
import { type VitFormat, vitFormatOf } from "./vit-formats.ts";

/** Nothing where transformers has no class for images that computes the same. */
export function renderVitConfig(config: VitConfig): Readonly<Record<string, unknown>> | undefined {
  const format = vitFormatOf(config);
  if (!format) return undefined;
  const { imageSize, classes } = config;
  const sizes = {
    hidden_act: hiddenAct[config.activation ?? "gelu"],
    hidden_size: config.width,
    image_size: imageSize[0] === imageSize[1] ? imageSize[0] : imageSize,
    intermediate_size: config.mlpWidth,
    layer_norm_eps: config.layerNormEps,
    num_attention_heads: config.heads,
    num_channels: 3,
    num_hidden_layers: config.depth,
    patch_size: config.patchSize,
  };
  return {
    architectures: [classes > 0 ? format.classifier(config) : format.encoder],
    model_type: format.modelType(config),
    ...(format.tower
      ? { vision_config: { ...sizes, ...format.fields(config) } }
      : { ...sizes, ...format.fields(config) }),
  };
}

const hiddenAct = {
  gelu: "gelu",
  "gelu-tanh": "gelu_pytorch_tanh",
  "quick-gelu": "quick_gelu",
  silu: "silu",
};

/** Every weight in its place; what is not a weight of ours is added. */
export async function renderVitWeights(
  config: VitConfig,
  ours: Weights,
  { read }: RenderWeightsOptions,
): Promise<Weights> {
  const format = vitFormatOf(config);
  if (!format) throw new Error("internal: transformers has no such Vision Transformer.");
  const changed = await inTheirForm(config, ours, { format, read });
  const result = new Map<string, Weight>();
  for (const [name, weight] of changed) {
    const theirs = theirName(config, format, name);
    if (theirs !== undefined) result.set(theirs, theirShape(name, weight, config));
  }
  for (const [name, value] of format.constants(config))
    result.set(name, {
      shape: name.endsWith("mask_token") ? [1, config.width] : [config.width],
      data: new Float32Array(config.width).fill(value),
    });
  return result;
}

/** The name of a weight; nothing where they do without it. */
function theirName(
  config: VitConfig,
  { outer, block, prefix, blockRoot }: VitFormat,
  ours: string,
): string | undefined {
  const [, index, inner] = /^blocks\.(\d+)\.(.+)$/.exec(ours) ?? [];
  const name = inner ?? ours;
  const kind = /\.(weight|bias)$/.exec(name)?.[0] ?? "";
  const place = name.slice(0, name.length - kind.length);
  const theirs = (inner === undefined ? outer(config) : block(config))[place];
  if (theirs === undefined) throw new Error(`internal: transformers has no name for ${ours}`);
  if (theirs === null) return undefined;
  if (ours.startsWith("head.")) return `${theirs}${kind}`;
  const before = prefix(config);
  return inner === undefined ? `${before}${theirs}${kind}` : `${before}${blockRoot}${index}.${theirs}${kind}`;
}

/** Patches get their three axes back. */
function theirShape(ours: string, weight: Weight, { patchSize, width }: VitConfig): Weight {
  return ours === "patch.weight" ? { ...weight, shape: [width, 3, patchSize, patchSize] } : weight;
}

interface FormParts {
  readonly format: VitFormat;
  readonly read: (weight: Weight) => Promise<Tensor>;
}

/** Weights that they keep otherwise: matrices as one, heads apart, biases elsewhere. */
async function inTheirForm(config: VitConfig, ours: Weights, { format, read }: FormParts): Promise<Weights> {
  const result = new Map(ours);
  const take = async (name: string) => {
    const weight = needed(result.get(name), `weight ${name}`);
    result.delete(name);
    return read(weight);
  };
  if (config.gated)
    for (let block = 0; block < config.depth; block++)
      for (const kind of ["weight", "bias"]) {
        const [gate, fc1] = [
          await take(`blocks.${block}.gate.${kind}`),
          await take(`blocks.${block}.fc1.${kind}`),
        ];
        result.set(`blocks.${block}.fc1.${kind}`, stacked(gate, fc1));
      }
  // The same is added to all scores of a query, which softmax does not see.
  if (format.noKeyBias)
    for (let block = 0; block < config.depth; block++) result.delete(`blocks.${block}.k.bias`);
  if (format.noPatchBias) {
    const bias = await take("patch.bias");
    result.set("position", ontoPatches(await take("position"), bias, config));
  }
  if (format.shapesFlat)
    for (const name of ["cls", "position"]) {
      const weight = result.get(name);
      if (weight)
        result.set(name, { ...weight, shape: name === "cls" ? [config.width] : weight.shape.slice(1) });
    }
  if (config.classes > 0) await splitHead(result, take, config, format);
  return result;
}

/** Rows of one after those of the other. */
function stacked(first: Tensor, second: Tensor): Tensor {
  const data = new Float32Array(first.data.length + second.data.length);
  data.set(first.data);
  data.set(second.data, first.data.length);
  const [rows = 0, ...rest] = first.shape;
  return { shape: [2 * rows, ...rest], data };
}

/** A bias of the patches, as part of their positions. */
function ontoPatches(position: Tensor, bias: Tensor, config: VitConfig): Tensor {
  const [rows, columns] = patchGrid(config);
  const first = position.data.length - rows * columns * config.width;
  const data = position.data.map((value, at) =>
    at < first ? value : value + (bias.data[at % config.width] ?? 0),
  );
  return { shape: position.shape, data };
}

/** Two heads whose mean answers, of one that reads two tokens; or zeros for a token that the head does not read. */
async function splitHead(
  result: Map<string, Weight>,
  take: (name: string) => Promise<Tensor>,
  { width, classes, pool = "cls" }: VitConfig,
  { headReads }: VitFormat,
): Promise<void> {
  if (pool === "cls+distillation") {
    const [weight, bias] = [await take("head.weight"), await take("head.bias")];
    const half = (part: number) => ({
      shape: [classes, width],
      data: Float32Array.from({ length: classes * width }, (_, at) => {
        const row = Math.floor(at / width);
        return 2 * (weight.data[(2 * row + part) * width + (at % width)] ?? 0);
      }),
    });
    result.set("head.weight", half(0)).set("head.bias", bias);
    result.set("head.second.weight", half(1)).set("head.second.bias", bias);
  }
  if (pool === "cls" && headReads === 2) {
    const { data } = await take("head.weight");
    const wide = new Float32Array(2 * classes * width);
    for (let row = 0; row < classes; row++)
      wide.set(data.subarray(row * width, (row + 1) * width), 2 * row * width);
    result.set("head.weight", { shape: [classes, 2 * width], data: wide });
  }
}
