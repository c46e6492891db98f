/** Features of the classes: from a file, or from prompts by a text tower, wherever it is. */

import { openEngine } from "../engine/open-engine.ts";
import { InputError } from "../errors.ts";
import type { Tensor } from "../formats/tensor.ts";
import { type LocatedModel, locateModel } from "../model/locate-model.ts";
import { openWeights, type WeightSource } from "../model/weight-source.ts";
import { downloads, type ZeroShotOptions } from "./options.ts";
import { promptsOf, readPrompts } from "./prompts.ts";
import { readTextTower, type TextTower } from "./read-text-tower.ts";
import { classFeatures } from "./text-features.ts";
import { readTextFeatures } from "./text-features-file.ts";
import { readTokenizer } from "./tokenizer.ts";
import { withTokenizer } from "./tokenizer-files.ts";

export interface ClassTexts {
  /** [classes, features], rows of length 1. */
  readonly features: Tensor;
  readonly prompts?: readonly (readonly string[])[];
  /** What else may have the scale. */
  readonly sources: readonly WeightSource[];
  readonly notes: readonly string[];
}

export interface TextParts {
  readonly labels: readonly string[];
  readonly features: number;
  readonly image: { readonly located: LocatedModel; readonly source: WeightSource };
}

export async function classTexts(
  options: ZeroShotOptions,
  { labels, features, image }: TextParts,
): Promise<ClassTexts> {
  const { textFeatures, prompts: path, signal, onProgress } = options;
  if (textFeatures !== undefined) {
    const classes = labels.length;
    return { features: await readTextFeatures(textFeatures, { classes, features }), sources: [], notes: [] };
  }
  const { tower, sources } = await findTower(options, image);
  if (tower.config.features !== features)
    throw new InputError(
      `The text tower gives ${tower.config.features} numbers and the image tower ${features}, so they are of different models.`,
    );
  const tokenizer = await readTokenizer(tower.folder);
  const { prompts, notes } =
    path === undefined
      ? { prompts: promptsOf(labels, options.templates ?? [defaultTemplate(tower)]), notes: [] }
      : await readPrompts(path, labels);
  const engine =
    options.engine ?? (await openEngine({ provider: options.provider, threads: options.threads }));
  try {
    const found = await classFeatures(
      prompts,
      { tower, tokenizer },
      {
        ...{ engine, signal },
        onProgress: (done, total) => onProgress?.({ type: "texts", done, total }),
      },
    );
    return { features: found, prompts, sources, notes: [...notes, ...tower.notes] };
  } finally {
    if (!options.engine) await engine.close();
  }
}

/** As the authors of CLIP and the examples of SigLIP have it. */
const defaultTemplate = ({ title }: TextTower): string =>
  title === "SigLIP" ? "This is a photo of {}." : "a photo of a {}.";

/** In the model's own files, or in those of the whole model. */
async function findTower(
  options: ZeroShotOptions,
  image: TextParts["image"],
): Promise<{ readonly tower: TextTower; readonly sources: readonly WeightSource[] }> {
  const { textModel, signal } = options;
  if (textModel === undefined) {
    const tower = await readTextTower(image.located, image.source);
    if (tower) return { tower, sources: [] };
    throw new InputError(
      (show) =>
        `${image.located.id} has no text tower. Give the whole model that it is a part of as ${show("textModel")}, or text features that were computed elsewhere as ${show("textFeatures")}.`,
    );
  }
  const hub = { ...(signal && { signal }), onProgress: downloads(options) };
  const located = await locateModel(textModel, withTokenizer(hub));
  const source = await openWeights(located.weights);
  const tower = await readTextTower(located, source);
  if (!tower)
    throw new InputError(
      (show) => `${show("textModel")}: ${located.id} has no text tower of CLIP, OpenCLIP or SigLIP.`,
    );
  return { tower, sources: [source] };
}
