/** Writes the merged weights as a folder that timm.create_model("local-dir:…") loads: timm's names, q, k and v as one matrix. */

import { join } from "node:path";
import { writeFileAtomically } from "../files/write-file.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import type { Tensor, Weight, Weights } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { plainVitOf } from "../model/architectures.ts";
import { readModel } from "../model/read-model.ts";
import type { VitConfig } from "../model/vit.ts";
import { renderJson } from "../model/write-model.ts";
import { needed } from "../needed.ts";
import { describeSteps } from "../preprocessing/describe-steps.ts";
import { evaluationSteps } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import { openModelCandidate } from "./model-candidate.ts";
import { mergedWeights } from "./safetensors-folder.ts";
import type { ExportParts, WrittenFolder } from "./targets.ts";

/** timm's Vision Transformers have this fixed. */
const timmEpsilon = 1e-6;

export async function writeTimmModel(folder: string, parts: ExportParts): Promise<WrittenFolder> {
  const { model, adapter, labels, preprocessing } = parts.opened;
  const config = plainVitOf(adapter?.config ?? model.config, "A folder of timm");
  const weights = await timmWeights(config, await mergedWeights(parts));
  await writeSafetensors(join(folder, "model.safetensors"), weights, { format: "pt" });
  const steps = evaluationSteps(preprocessing);
  const transform = timmTransform(steps);
  const described = { ...config, labels, transform: transform ?? nearest(steps) };
  await writeFileAtomically(join(folder, "config.json"), renderJson(renderTimmConfig(described)));
  const notes = [
    ...(transform ? [] : [otherSteps(steps)]),
    ...(config.layerNormEps === timmEpsilon
      ? []
      : [`timm's LayerNorm has an epsilon of 1e-6, this model was trained with ${config.layerNormEps}.`]),
  ];
  return {
    written: [
      {
        ...{ file: "model.safetensors", precision: "fp32", runtime: "rlrr's own reader" },
        ...{ isExact: notes.length === 0, files: ["model.safetensors"] },
        open: async () => openModelCandidate(await readModel(folder), parts),
      },
    ],
    notes,
  };
}

const otherSteps = (steps: readonly Step[]): string =>
  `timm has no such preprocessing as this model was trained with (${describeSteps(steps)}); its folder names the nearest, an image squashed to the size.`;

/** Our weights under timm's names. */
async function timmWeights({ depth, width, patchSize }: VitConfig, ours: Weights): Promise<Weights> {
  const weight = (name: string): Weight => needed(ours.get(name), `weight ${name}`);
  const result = new Map<string, Weight>();
  const both = (theirs: string, name: string) => {
    for (const kind of ["weight", "bias"]) result.set(`${theirs}.${kind}`, weight(`${name}.${kind}`));
  };
  result.set("cls_token", weight("cls")).set("pos_embed", weight("position"));
  both("patch_embed.proj", "patch");
  result.set("patch_embed.proj.weight", {
    ...weight("patch.weight"),
    shape: [width, 3, patchSize, patchSize],
  });
  for (let index = 0; index < depth; index++) {
    const at = (role: string) => `blocks.${index}.${role}`;
    both(at("norm1"), at("norm1"));
    for (const kind of ["weight", "bias"])
      result.set(
        `${at("attn.qkv")}.${kind}`,
        await stacked(["q", "k", "v"].map((role) => weight(`${at(role)}.${kind}`))),
      );
    both(at("attn.proj"), at("o"));
    both(at("norm2"), at("norm2"));
    both(at("mlp.fc1"), at("fc1"));
    both(at("mlp.fc2"), at("fc2"));
  }
  both("norm", "norm");
  both("head", "head");
  return result;
}

/** Rows of one after those of the other. */
async function stacked(parts: readonly Weight[]): Promise<Tensor> {
  const tensors = await Promise.all(parts.map(readWeight));
  const data = new Float32Array(tensors.reduce((total, one) => total + one.data.length, 0));
  let at = 0;
  for (const one of tensors) {
    data.set(one.data, at);
    at += one.data.length;
  }
  const [first] = tensors;
  const [rows = 0, ...rest] = first?.shape ?? [];
  return { shape: [rows * tensors.length, ...rest], data };
}

/** Fields of timm's pretrained_cfg. */
interface TimmTransform {
  readonly interpolation: string;
  readonly crop_pct: number;
  readonly crop_mode: "squash" | "center";
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** What timm's own transform does the same by; nothing where there is no such. */
function timmTransform(steps: readonly Step[]): TimmTransform | undefined {
  const [first, second, third, ...more] = steps;
  const last = more.length === 0 ? (third ?? second) : undefined;
  if (last?.[0] !== "normalize" || first === undefined) return undefined;
  const { mean, std } = last[1];
  const crop = third ? second : undefined;
  if (crop && crop[0] !== "centerCrop") return undefined;
  const size = crop?.[0] === "centerCrop" ? crop[1].size : undefined;
  if (first[0] === "resize") {
    const { size: larger, filter } = first[1];
    const share = size ? shareOf(size, larger) : 1;
    return share === undefined
      ? undefined
      : { interpolation: filter, crop_pct: share, crop_mode: "squash", mean, std };
  }
  if (first[0] !== "resizeShort" || !size || size[0] !== size[1]) return undefined;
  const share = shareOf(size, [first[1].size, first[1].size]);
  if (share === undefined) return undefined;
  return { interpolation: first[1].filter, crop_pct: share, crop_mode: "center", mean, std };
}

/** The share by which timm, which divides and cuts off, finds the larger size again. */
function shareOf(size: readonly [number, number], larger: readonly [number, number]): number | undefined {
  const share = size[0] / (larger[0] + 1e-3);
  return size.every((side, axis) => Math.floor(side / share) === larger[axis]) ? share : undefined;
}

/** The nearest, with the model's own colours. */
const nearest = (steps: readonly Step[]): TimmTransform => ({
  ...{ interpolation: "bicubic", crop_pct: 1, crop_mode: "squash" },
  ...{ mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  ...steps.find(([name]) => name === "normalize")?.[1],
});

/** By the sizes that are the same in a family; what differs is in the model's arguments. */
const architectures: Readonly<Record<string, string>> = {
  ...{ "192": "vit_tiny_patch16_224", "384": "vit_small_patch16_224", "768": "vit_base_patch16_224" },
  ...{ "1024": "vit_large_patch16_224", "1280": "vit_huge_patch14_224" },
};

function renderTimmConfig({
  labels,
  transform,
  ...config
}: VitConfig & { readonly labels: readonly string[]; readonly transform: TimmTransform }) {
  const { imageSize, patchSize, width, depth, heads, mlpWidth, classes } = config;
  return {
    architecture: architectures[String(width)] ?? "vit_base_patch16_224",
    num_classes: classes,
    num_features: width,
    global_pool: "token",
    model_args: {
      img_size: imageSize,
      patch_size: patchSize,
      embed_dim: width,
      depth,
      num_heads: heads,
      mlp_ratio: ratioOf(mlpWidth, width),
    },
    pretrained_cfg: {
      input_size: [3, ...imageSize],
      fixed_input_size: true,
      ...transform,
      num_classes: classes,
      pool_size: null,
      first_conv: "patch_embed.proj",
      classifier: "head",
    },
    label_names: labels,
  };
}

/** timm cuts width × ratio to a whole number, which the rounded quotient may just miss. */
function ratioOf(mlpWidth: number, width: number): number {
  const ratio = mlpWidth / width;
  return Math.trunc(width * ratio) === mlpWidth ? ratio : (mlpWidth + 0.5) / width;
}
