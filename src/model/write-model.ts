/** Writes a model of any family as a folder that transformers and rlrr can read, or rlrr alone where transformers has no class for it. */

import { join } from "node:path";
import { InputError } from "../errors.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { writeFolderAtomically } from "../files/write-folder.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import { renderShape, sameShape, type Weights } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { needed } from "../needed.ts";
import { familyOf, type ModelConfig, modelShapes } from "./architectures.ts";
import type { Model } from "./model.ts";
import { renderOwnConfig } from "./own-format.ts";
import { renderHuggingFaceSteps } from "./render-hugging-face-steps.ts";

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

export const renderJson = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

type Written = Pick<Model, "config" | "weights" | "labels" | "preprocessing" | "problem">;

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

/** Throws where labels or weights do not fit the sizes. */
function checkModel({ config, weights, labels }: Written): void {
  if (labels.length > 0 && labels.length !== config.classes)
    throw new InputError(`writeModel: there are ${labels.length} labels for ${config.classes} classes.`);
  for (const [name, shape] of modelShapes(config)) {
    const weight = weights.get(name);
    if (weight === undefined || !sameShape(weight.shape, shape))
      throw new InputError(
        `writeModel: weight "${name}" ${weight ? `has shape ${renderShape(weight.shape)}` : "is missing"}; ${renderShape(shape)} is needed.`,
      );
  }
}

/** transformers' config.json for `config`; its keys are sorted as transformers sorts them. */
export function renderConfig(
  config: ModelConfig,
  { labels, problem }: Pick<Written, "labels" | "problem">,
): Readonly<Record<string, unknown>> {
  const { classes } = config;
  const names = Array.from({ length: classes }, (_, index) => labels[index] ?? `LABEL_${index}`);
  const fields = {
    ...(familyOf(config).renderConfig(config) ?? renderOwnConfig(config)),
    ...(classes > 0 && {
      id2label: Object.fromEntries(names.map((name, index) => [String(index), name])),
      label2id: Object.fromEntries(names.map((name, index) => [name, index])),
    }),
    problem_type: problem === "multi-label" ? "multi_label_classification" : "single_label_classification",
    torch_dtype: "float32",
  };
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Writes the same files into a folder that is there. */
export async function writeModelFiles(folder: string, model: Written): Promise<void> {
  checkModel(model);
  const { config, preprocessing } = model;
  const weights = await theirWeights(config, model.weights);
  await writeSafetensors(join(folder, "model.safetensors"), weights, { format: "pt" });
  await writeFileAtomically(join(folder, "config.json"), renderJson(renderConfig(config, model)));
  if (preprocessing !== undefined)
    await writeFileAtomically(
      join(folder, "preprocessor_config.json"),
      renderJson(renderHuggingFaceSteps(preprocessing)),
    );
}

/** What to say where it has none. */
export const rlrrAlone =
  "transformers has no class for images that computes the same, so the folder has our own names, and rlrr alone reads it.";

/** Whether transformers has a class for the model; otherwise its folder is for rlrr alone. */
export const hasClass = (config: ModelConfig): boolean => familyOf(config).renderConfig(config) !== undefined;

/** Under transformers' names, or our own where it has no class for the model. */
async function theirWeights(config: ModelConfig, weights: Weights): Promise<Weights> {
  if (hasClass(config)) return familyOf(config).renderWeights(config, weights, { read: readWeight });
  return new Map([...modelShapes(config).keys()].map((name) => [name, needed(weights.get(name), name)]));
}
