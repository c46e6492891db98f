/** What `zeroShot` is asked for, and the names of the classes. */

import type { Dataset } from "../datasets/dataset.ts";
import { readDataset } from "../datasets/read-dataset.ts";
import type { Engine } from "../engine/engine.ts";
import type { EngineOptions } from "../engine/open-engine.ts";
import { InputError } from "../errors.ts";
import { checkCounts } from "../files/check-count.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import type { ModelProgress } from "../model/read-model.ts";

export interface ZeroShotOptions extends EngineOptions {
  /** A CLIP or SigLIP, or its image tower alone: a file, a folder or a hub id. */
  readonly model: string;
  /** The names of the classes; or `data`. */
  readonly classes?: readonly string[] | undefined;
  /** Labelled images whose classes they are: a folder, a list, or a data set that was read. */
  readonly data?: string | Dataset | undefined;
  /** Prompts with `{}` for the name of the class; of several the features are averaged. By default what the model's project uses. */
  readonly templates?: readonly string[] | undefined;
  /** A JSON file with prompts of each class instead: `{"cat": ["a photo of a cat."]}`. */
  readonly prompts?: string | undefined;
  /** The whole model, where `model` has no text tower. */
  readonly textModel?: string | undefined;
  /** A .safetensors or .npz file with a matrix [classes, features], one row for each class, instead of a text tower. */
  readonly textFeatures?: string | undefined;
  /** Heads of the image tower, where neither its configuration nor its width tells. */
  readonly heads?: number | undefined;
  /** The folder of the classifier. */
  readonly out: string;
  /** Runs the text tower, and stays open; where left out, one is opened with `provider` and `threads`. */
  readonly engine?: Engine | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the progress of a download, and of the texts. */
  readonly onProgress?: ((progress: ModelProgress | TextProgress) => void) | undefined;
}

export interface TextProgress {
  readonly type: "texts";
  readonly done: number;
  readonly total: number;
}

const known: KnownOptions<ZeroShotOptions> = {
  ...{ model: true, classes: true, data: true, templates: true, prompts: true, textModel: true },
  ...{
    textFeatures: true,
    heads: true,
    out: true,
    engine: true,
    provider: true,
    threads: true,
    signal: true,
  },
  onProgress: true,
};

/** Of files from the hub. */
export const downloads =
  ({ onProgress }: ZeroShotOptions) =>
  (file: string, done: number, total: number) =>
    onProgress?.({ type: "download", file, done, total });

export function checkGiven(options: ZeroShotOptions): void {
  checkOptions(options, { verb: "zeroShot", known });
  const { model, classes, data, out, templates, prompts, textModel, textFeatures, threads, heads } = options;
  checkPath(model, { what: "zeroShot: model" });
  checkPath(out, { what: "zeroShot: out" });
  for (const [name, value] of Object.entries({ prompts, textModel, textFeatures }))
    if (value !== undefined) checkPath(value, { what: `zeroShot: ${name}` });
  checkCounts({ threads, heads });
  if ((classes === undefined) === (data === undefined))
    throw new InputError(
      (show) =>
        `Give ${show("classes")} or ${show("data")}: the names of the classes, or labelled images of them.`,
    );
  const ways = { templates, prompts, textFeatures };
  const given = Object.entries(ways).filter(([, value]) => value !== undefined);
  if (given.length > 1)
    throw new InputError(
      (show) =>
        `${given.map(([name]) => show(name === "templates" ? "template" : name)).join(" and ")} say twice what stands for a class; give one of them.`,
    );
  if (textModel !== undefined && textFeatures !== undefined)
    throw new InputError(
      (show) => `${show("textFeatures")} needs no text tower; leave ${show("textModel")} out.`,
    );
}

/** Names, at least two, each once. */
export async function labelsOf({
  classes,
  data,
  prompts,
  textFeatures,
  signal,
}: ZeroShotOptions): Promise<{ readonly labels: readonly string[]; readonly notes: readonly string[] }> {
  if (classes === undefined) {
    const dataset =
      typeof data === "object" ? data : await readDataset(String(data), signal ? { signal } : {});
    const areSpoken = prompts === undefined && textFeatures === undefined;
    return { labels: dataset.classes, notes: [...dataset.notes, ...(areSpoken ? sayNumbers(dataset) : [])] };
  }
  if (!Array.isArray(classes) || classes.some((name) => typeof name !== "string" || name.trim() === ""))
    throw new InputError((show) => `${show("classes")} must be names, got ${showValue(classes)}.`);
  const labels = classes.map((name) => name.trim());
  const twice = labels.find((name, at) => labels.indexOf(name) !== at);
  if (twice !== undefined)
    throw new InputError((show) => `${show("classes")} has ${showValue(twice)} twice.`);
  if (labels.length < 2 || labels.length > limits.MAX_CLASSES.value)
    throw new InputError(
      (show) => `${show("classes")} must be 2 to ${limits.MAX_CLASSES.value} names, got ${labels.length}.`,
    );
  return { labels, notes: [] };
}

/** Lists may have numbers for classes, of which a text tower knows nothing. */
const sayNumbers = ({ classes }: Dataset): readonly string[] =>
  classes.every((name) => /^\d+$/.test(name))
    ? [
        `The data has numbers for classes, such as ${classes.at(-1)}, so prompts do not say what they show. Names in a meta.json beside the lists do, or a file with prompts of each class.`,
      ]
    : [];
