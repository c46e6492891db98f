/** Writes a plain ViT as a folder that transformers and rlrr can read. */

import { join } from "node:path";
import { InputError } from "../errors.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { writeFolderAtomically } from "../files/write-folder.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import { renderShape, type Shape, sameShape, type Weight, type Weights } from "../formats/tensor.ts";
import { modelShapes } from "./architectures.ts";
import type { Model } from "./model.ts";
import { huggingFaceNames } from "./names.ts";
import { renderHuggingFaceSteps } from "./render-hugging-face-steps.ts";
import type { VitConfig } from "./vit.ts";

export interface WriteModelOptions {
  /** Whether an existing model folder may be replaced; other folders never are. */
  readonly replace?: boolean;
  /** Checks the written folder before it gets its name; where this throws, nothing is kept or replaced. */
  readonly check?: (written: string) => Promise<void>;
}

/** The files that a model folder may hold. */
const knownNames = /^(config\.json|preprocessor_config\.json|model\.safetensors|README\.md|\.DS_Store)$/;

const isModelFolder = (names: readonly string[]): boolean =>
  names.includes("config.json") && names.every((name) => knownNames.test(name));

/** Their shape of ours: patches get their three axes back. */
const theirShape = (ours: string, shape: Shape, { patchSize, width }: VitConfig): Shape =>
  ours === "patch.weight" ? [width, 3, patchSize, patchSize] : shape;

/** Our weights under the classic names; throws where one is missing or has another shape than `config` says. */
export function classicWeights(config: VitConfig, weights: Weights): Weights {
  const shapes = modelShapes(config);
  const { outer, block } = huggingFaceNames;
  const theirName = (ours: string): string => {
    const [, index, inner] = /^blocks\.(\d+)\.(.+)$/.exec(ours) ?? [];
    const row = (inner === undefined ? outer : block).find((candidate) => candidate.ours === (inner ?? ours));
    if (row === undefined) throw new Error(`internal: no classic name for ${ours}`);
    const body = inner === undefined ? row.theirs : `${huggingFaceNames.blockRoot}${index}.${row.theirs}`;
    return ours.startsWith("head.") ? body : `vit.${body}`;
  };
  const result = new Map<string, Weight>();
  for (const [ours, shape] of shapes) {
    const weight = weights.get(ours);
    if (weight === undefined || !sameShape(weight.shape, shape))
      throw new InputError(
        `writeModel: weight "${ours}" ${weight ? `has shape ${renderShape(weight.shape)}` : "is missing"}; ${renderShape(shape)} is needed.`,
      );
    result.set(theirName(ours), { ...weight, shape: theirShape(ours, shape, config) });
  }
  return result;
}

/** transformers' config.json for `config`; the labels are keyed by strings, as JSON has no other keys. */
export function renderConfig(
  config: VitConfig,
  labels: readonly string[],
): Readonly<Record<string, unknown>> {
  const { imageSize, classes } = config;
  const names = Array.from({ length: classes }, (_, index) => labels[index] ?? `LABEL_${index}`);
  return {
    architectures: [classes > 0 ? "ViTForImageClassification" : "ViTModel"],
    attention_probs_dropout_prob: 0,
    encoder_stride: config.patchSize,
    hidden_act: "gelu",
    hidden_dropout_prob: 0,
    hidden_size: config.width,
    ...(classes > 0 && {
      id2label: Object.fromEntries(names.map((name, index) => [String(index), name])),
    }),
    image_size: imageSize[0] === imageSize[1] ? imageSize[0] : imageSize,
    initializer_range: 0.02,
    intermediate_size: config.mlpWidth,
    ...(classes > 0 && { label2id: Object.fromEntries(names.map((name, index) => [name, index])) }),
    layer_norm_eps: config.layerNormEps,
    model_type: "vit",
    num_attention_heads: config.heads,
    num_channels: 3,
    num_hidden_layers: config.depth,
    patch_size: config.patchSize,
    problem_type: "single_label_classification",
    qkv_bias: true,
    torch_dtype: "float32",
  };
}

export const renderJson = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

type Written = Pick<Model, "config" | "weights" | "labels" | "preprocessing">;

/** Writes `model` into `folder`: config.json, preprocessor_config.json where there are steps, model.safetensors. */
export async function writeModel(
  folder: string,
  model: Written,
  { replace = false, check }: WriteModelOptions = {},
): Promise<void> {
  checkModel(model);
  await writeFolderAtomically(
    folder,
    async (temporary) => {
      await writeModelFiles(temporary, model);
      await check?.(temporary);
    },
    { mayReplace: (names) => replace && isModelFolder(names) },
  );
}

/** The weights under their classic names; throws where labels or weights do not fit the sizes. */
function checkModel({ config, weights, labels }: Written): Weights {
  if (labels.length > 0 && labels.length !== config.classes)
    throw new InputError(`writeModel: there are ${labels.length} labels for ${config.classes} classes.`);
  return classicWeights(config, weights);
}

/** Writes the same files into a folder that is there. */
export async function writeModelFiles(folder: string, model: Written): Promise<void> {
  const { config, labels, preprocessing } = model;
  await writeSafetensors(join(folder, "model.safetensors"), checkModel(model), { format: "pt" });
  await writeFileAtomically(join(folder, "config.json"), renderJson(renderConfig(config, labels)));
  if (preprocessing !== undefined)
    await writeFileAtomically(
      join(folder, "preprocessor_config.json"),
      renderJson(renderHuggingFaceSteps(preprocessing)),
    );
}
