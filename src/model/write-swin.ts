/** A Swin as transformers stores it: its config.json, and the classic names of its weights. */

import { InputError } from "../errors.ts";
import type { Tensor, Weight, Weights } from "../formats/tensor.ts";
import { needed } from "../needed.ts";
import type { RenderWeightsOptions } from "./family.ts";
import { biasBefore } from "./fold-bias.ts";
import type { SwinConfig } from "./swin-config.ts";
import { blockPrefix, huggingFaceSwin, mergePrefix, type SwinNaming } from "./swin-names.ts";
import { blockPlaces } from "./swin-plan.ts";

/** Our weights under the classic names. A bias of a merging, which has no place there, is moved into its norm. */
export async function renderSwinWeights(
  config: SwinConfig,
  weights: Weights,
  { read }: RenderWeightsOptions,
): Promise<Weights> {
  const naming: SwinNaming = huggingFaceSwin[config.family];
  const moved = await moveMergeBiases(config, weights, { read });
  const result = new Map<string, Weight>();
  for (const [ours, weight] of weights) {
    const theirs = nameOf(ours, { config, naming });
    const value = moved.get(ours) ?? weight;
    if (theirs !== undefined) result.set(theirs, { ...value, shape: theirShape(ours, value.shape, config) });
    else if (!ours.endsWith("reduction.bias") || config.family === "swinv2")
      refuseBias(ours, await read(weight));
  }
  return result;
}

/** The norms in front of mergings that have a bias, with what gives that bias behind the merging. */
async function moveMergeBiases(
  { family, depths }: SwinConfig,
  weights: Weights,
  { read: readOne }: RenderWeightsOptions,
): Promise<Weights> {
  const moved = new Map<string, Tensor>();
  if (family === "swinv2") return moved;
  const read = (name: string) => readOne(needed(weights.get(name), `weight ${name}`));
  for (let stage = 0; stage < depths.length - 1; stage++) {
    const bias = await read(`merges.${stage}.reduction.bias`);
    if (bias.data.every((value) => value === 0)) continue;
    const name = `merges.${stage}.reduction.weight`;
    const before = await read(`merges.${stage}.norm.bias`);
    const added = biasBefore(await read(name), bias.data, name);
    const data = before.data.map((value, at) => value + (added[at] as number));
    moved.set(`merges.${stage}.norm.bias`, { shape: before.shape, data });
  }
  return moved;
}

/** What has no place in the file must add nothing. */
function refuseBias(ours: string, { data }: Tensor): void {
  if (data.some((value) => value !== 0))
    throw new InputError(
      `transformers' SwinV2 has no place for "${ours}", which the adapter gives a value. Export the model instead: rlrr export.`,
    );
}

/** Theirs of one of our names; nothing where they have no such tensor. */
function nameOf(
  ours: string,
  { config, naming }: { readonly config: SwinConfig; readonly naming: SwinNaming },
): string | undefined {
  const at = ours.lastIndexOf(".");
  const [place, kind] = [ours.slice(0, at), ours.slice(at + 1)];
  const [, root, number = "", inner = ""] = /^(blocks|merges)\.(\d+)\.(.+)$/.exec(ours) ?? [];
  if (place === "head") return `${naming.head[0]}.${kind}`;
  const prefix = `${config.family}.`;
  if (root === "merges")
    return inner === "reduction.bias"
      ? undefined
      : `${prefix}${mergePrefix(naming, { stage: Number(number), late: false })}${inner}`;
  if (root === undefined) return `${prefix}${naming[place as "patch" | "patchNorm" | "norm"]}.${kind}`;
  const before = prefix + blockPrefix(naming, needed(blockPlaces(config.depths)[Number(number)], ours));
  const own = naming.own[inner];
  if (own !== undefined) return before + own;
  const role = inner.slice(0, -kind.length - 1);
  if (kind === "bias" && naming.biases && role in naming.biases && naming.biases[role] === undefined)
    return undefined;
  return `${before}${naming.block[role]?.theirs}.${kind}`;
}

/** Patches get their three axes back, and positions lose their first. */
function theirShape(ours: string, shape: Weight["shape"], { patchSize, width }: SwinConfig): Weight["shape"] {
  if (ours === "patch.weight") return [width, 3, patchSize, patchSize];
  return /\.positions(\.fc\d\.weight)?$/.test(ours) ? shape.slice(1) : shape;
}

/** The window of all stages, which transformers has; SwinV2 cuts it down where a stage is smaller. */
function windowOf({ family, imageSize, patchSize, depths, windows }: SwinConfig): number | undefined {
  const window = Math.max(...windows);
  const fits = depths.every((_, stage) => {
    const sides = imageSize.map((side) => Math.ceil(side / patchSize / 2 ** stage));
    const [least, most] = [Math.min(...sides), Math.max(...sides)];
    if (family === "swinv2") return windows[stage] === Math.min(window, least);
    // It shifts windows along neither side where one of them holds a whole side.
    return windows[stage] === window && (least > window || (least === window && most === window));
  });
  return fits ? window : undefined;
}

/** Nothing where transformers cannot run it: with windows of its own in each stage, or larger than one. */
export function renderSwinConfig(config: SwinConfig): Readonly<Record<string, unknown>> | undefined {
  const window = windowOf(config);
  if (window === undefined) return undefined;
  const { family, imageSize, classes, depths, stageHeads, width } = config;
  const name = family === "swin" ? "Swin" : "Swinv2";
  return {
    architectures: [classes > 0 ? `${name}ForImageClassification` : `${name}Model`],
    attention_probs_dropout_prob: 0,
    depths,
    drop_path_rate: 0,
    embed_dim: width,
    hidden_act: "gelu",
    hidden_dropout_prob: 0,
    hidden_size: width * 2 ** (depths.length - 1),
    image_size: imageSize[0] === imageSize[1] ? imageSize[0] : imageSize,
    initializer_range: 0.02,
    layer_norm_eps: config.layerNormEps,
    // transformers takes no whole number here, and JSON has no other way to write 4, its default.
    ...(config.mlpRatio !== 4 && { mlp_ratio: config.mlpRatio }),
    model_type: family,
    num_channels: 3,
    num_heads: stageHeads,
    num_layers: depths.length,
    patch_size: config.patchSize,
    ...(config.pretrainedWindows && { pretrained_window_sizes: config.pretrainedWindows }),
    qkv_bias: true,
    use_absolute_embeddings: false,
    window_size: window,
  };
}
