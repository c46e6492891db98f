import { describe, expect, it } from "vitest";
import {
  classicTensors,
  googleArrays,
  seededConfig,
  seededWeights,
  timmTensors,
} from "../../test/named-weights.ts";
import { FileError } from "../errors.ts";
import type { Tensor } from "../formats/tensor.ts";
import { families } from "./architectures.ts";
import { planModel } from "./plan-model.ts";
import type { VitPlan } from "./weight-plan.ts";

type Tensors = ReadonlyMap<string, Tensor>;

const weights = seededWeights();

const planWeights = (tensors: Tensors, where: string) => planModel(tensors, { where }).plan as VitPlan;
/** Which tensor becomes one of ours. */
const sourceOf = (plan: VitPlan, ours: string): string | undefined => {
  const origin = plan.origins.get(ours);
  return origin && "source" in origin ? origin.source : undefined;
};

const without = (tensors: Tensors, name: string): Tensors =>
  new Map([...tensors].filter(([other]) => other !== name));

const withPrefix = (tensors: Tensors, prefix: string): Tensors =>
  new Map([...tensors].map(([name, tensor]) => [prefix + name, tensor]));

const withTensor = (tensors: Tensors, name: string, shape: readonly number[] = [1]): Tensors =>
  new Map([...tensors, [name, { shape, data: new Float32Array(0) }]]);

describe("planWeights", () => {
  const timm = timmTensors(weights);
  const classic = classicTensors(weights);
  const google = googleArrays(weights);
  const unread = "which cannot be read.";
  const kinds = families.map(({ title }) => title).join(", ");
  const titles = [...new Set(families.flatMap(({ sources }) => sources))].join(", ");

  it("measures the sizes, and finds each weight in the order of our files", () => {
    const { imageSize: _, heads, layerNormEps: __, ...sizes } = seededConfig;
    const plan = planWeights(timm, "X");
    expect(plan.sizes).toEqual({ ...sizes, tokens: 10 });
    expect([...plan.origins.keys()]).toEqual([...weights.keys()]);
    expect(plan.origins.get("blocks.1.k.bias")).toEqual({
      source: "blocks.1.attn.qkv.bias",
      form: "same",
      part: 1,
    });
    expect(planWeights(google, "X").sizes.heads).toBe(heads);
  });

  it.each([
    ["module.", timm],
    ["backbone.", timm],
    ["model.encoder.", timm],
    ["module.", classic],
    ["backbone.vit.", classicTensors(weights, "")],
    ["0.", timm],
  ] as const)("finds the model behind %s", (prefix, tensors) => {
    const plan = planWeights(withPrefix(tensors, prefix), "X");
    const { origins, notes } = plan;
    expect([...origins.keys()]).toEqual([...weights.keys()]);
    expect(sourceOf(plan, "cls")).toMatch(`${prefix}`);
    expect(sourceOf(plan, "head.weight")?.startsWith(prefix)).toBe(true);
    expect(notes).toEqual([]);
  });

  it("finds a head that stands outside the body's prefix, at any height", () => {
    const names = (prefix: string) =>
      new Map(
        [...timm].map(([name, tensor]) => [
          name.startsWith("head.") ? prefix + name : `model.net.${name}`,
          tensor,
        ]),
      );
    for (const prefix of ["", "model.", "model.net."])
      expect(sourceOf(planWeights(names(prefix), "X"), "head.bias")).toBe(`${prefix}head.bias`);
  });

  it("takes the teacher of a pre-training with two encoders, and says so", () => {
    const two = new Map([...withPrefix(timm, "student."), ...withPrefix(timm, "teacher.")]);
    const plan = planWeights(two, "X");
    const { notes } = plan;
    expect(sourceOf(plan, "cls")).toBe("teacher.cls_token");
    expect(notes).toEqual(["Ignored the other encoder of pre-training."]);
  });

  it.each<[Tensors, string]>([
    [withTensor(timm, "dist_token"), 'X: tensor "dist_token" has shape [1]; this model needs [1, 1, 16].'],
    [
      withTensor(classic, "deit.embeddings.distillation_token"),
      'X: one tensor is not part of a known Vision Transformer: "deit.embeddings.distillation_token".',
    ],
    [
      withTensor(timm, "head_dist.weight"),
      'X: tensor "head_dist.weight" has shape [1]; this model needs [3, 16].',
    ],
    [withTensor(timm, "reg_token"), 'X: tensor "reg_token" has shape [1]; 3 axes are needed.'],
    [
      withTensor(timm, "blocks.0.ls1.gamma"),
      'X: tensor "blocks.0.ls1.gamma" has shape [1]; this model needs [16].',
    ],
    [
      new Map([...withPrefix(timm, "a."), ...withPrefix(timm, "b.")]),
      'X: it holds several Vision Transformers, under "a.", "b.". Keep the tensors of one of them.',
    ],
    [
      withTensor(timm, "rope.freqs", [2, 2]),
      `X: tensor "rope.freqs" belongs to a ViT whose rotary positions are learned, ${unread}`,
    ],
    [
      withTensor(timm, "blocks.0.attn.q_norm.weight"),
      `X: tensor "blocks.0.attn.q_norm.weight" belongs to a ViT with normalised queries and keys, ${unread}`,
    ],
    [
      withTensor(timm, "blocks.0.attn.relative_position_bias_table"),
      'X: tensor "blocks.0.attn.relative_position_bias_table" has shape [1]; 2 axes are needed.',
    ],
    [
      withTensor(timm, "blocks.0.attn.relative_position_bias_table", [28, 2]),
      'X: tensor "blocks.1.attn.relative_position_bias_table" is missing.',
    ],
    [
      withTensor(classic, "encoder.relative_position_bias.relative_position_bias_table"),
      `X: tensor "encoder.relative_position_bias.relative_position_bias_table" belongs to a BEiT with one table of relative positions for all blocks, ${unread}`,
    ],
    [
      withTensor(timm, "layers.0.blocks.0.norm1.weight"),
      `X: tensor "layers.0.blocks.0.norm1.weight" belongs to a Swin Transformer, ${unread}`,
    ],
    [
      withTensor(timm, "fc_norm.weight"),
      'X: one tensor is not part of a known Vision Transformer: "fc_norm.weight".',
    ],
    [
      withTensor(timm, "norm_pre.weight"),
      'X: tensor "norm_pre.weight" has shape [1]; this model needs [16].',
    ],
    [
      withTensor(google, "conv_root/kernel"),
      `X: tensor "conv_root/kernel" belongs to a hybrid of ResNet and ViT, ${unread}`,
    ],
    [
      withTensor(google, "MAPHead_0/probe"),
      `X: tensor "MAPHead_0/probe" belongs to a ViT with attention pooling in big_vision's names, ${unread}`,
    ],
    [without(timm, "blocks.1.mlp.fc1.weight"), 'X: tensor "blocks.1.mlp.fc1.weight" is missing.'],
    [without(timm, "norm.bias"), 'X: tensor "norm.bias" is missing.'],
    [without(timm, "pos_embed"), 'X: tensor "pos_embed" is missing.'],
    [without(timm, "head.bias"), 'X: tensor "head.bias" is missing.'],
    [without(timm, "blocks.1.attn.qkv.bias"), 'X: tensor "blocks.1.attn.qkv.bias" is missing.'],
    [without(google, "cls"), 'X: tensor "cls" is missing.'],
    [
      withTensor(timm, "blocks.1.norm2.weight", [17]),
      'X: tensor "blocks.1.norm2.weight" has shape [17]; this model needs [16].',
    ],
    [
      withTensor(timm, "blocks.1.attn.qkv.weight", [16, 48]),
      'X: tensor "blocks.1.attn.qkv.weight" has shape [16, 48]; this model needs [48, 16].',
    ],
    [
      withTensor(timm, "blocks.0.mlp.fc1.weight", [24]),
      'X: tensor "blocks.0.mlp.fc1.weight" has shape [24]; 2 axes are needed.',
    ],
    [
      withTensor(timm, "patch_embed.proj.weight", [16, 1, 4, 4]),
      'X: tensor "patch_embed.proj.weight" has shape [16, 1, 4, 4]; this model needs [16, 3, 4, 4].',
    ],
    [
      withTensor(timm, "patch_embed.proj.weight", [16, 3, 4, 8]),
      'X: tensor "patch_embed.proj.weight" has shape [16, 3, 4, 8]; this model needs [16, 3, 4, 4].',
    ],
    [
      withTensor(weights, "patch.weight", [16, 50]),
      'X: tensor "patch.weight" has shape [16, 50]; square patches of three channels are needed.',
    ],
    [
      withTensor(timm, "blocks.1.attn.extra"),
      'X: one tensor is not part of a known Vision Transformer: "blocks.1.attn.extra".',
    ],
    [
      withTensor(withTensor(timm, "x"), "y"),
      'X: 2 tensors are not part of a known Vision Transformer: "x", "y".',
    ],
    [withTensor(timm, "blocks.99999.x"), "X: it claims 100000 blocks; at most 256 are allowed."],
    [withTensor(timm, "blocks.3.norm1.weight", [16]), 'X: tensor "blocks.2.norm1.weight" is missing.'],
    [
      new Map([["a", { shape: [1], data: new Float32Array(1) }]]),
      `X: no known model was found in its 1 tensors ("a"). Known are ${kinds}, by the names of ${titles}.`,
    ],
  ])("refuses what is not whole, or not known, naming the tensor (%#)", (tensors, message) => {
    expect(() => planWeights(tensors, "X")).toThrow(new FileError(message));
  });
});
