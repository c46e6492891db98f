/** Makes a classifier of a CLIP or SigLIP without training: its head is the text tower's answer to a prompt of each class. */

import { checkNewFolder } from "../files/check-output-paths.ts";
import type { Tensor, Weights } from "../formats/tensor.ts";
import { sayAssumedSteps } from "../model/assumed-steps.ts";
import { locateModel } from "../model/locate-model.ts";
import type { Model } from "../model/model.ts";
import { readModel } from "../model/read-model.ts";
import { pooledWidth, type VitConfig } from "../model/vit-config.ts";
import { openWeights } from "../model/weight-source.ts";
import { rlrrAlone, writeModel } from "../model/write-model.ts";
import { classTexts } from "./class-texts.ts";
import { readProjection, readScale, towerConfig } from "./image-side.ts";
import { checkGiven, downloads, labelsOf, type ZeroShotOptions } from "./options.ts";
import { withTokenizer } from "./tokenizer-files.ts";

/** A model whose head is made of texts. */
export interface ZeroShotModel {
  readonly path: string;
  readonly classes: readonly string[];
  /** Of each class; absent where its features came from a file. */
  readonly prompts?: readonly (readonly string[])[];
  /** What cosines are multiplied by. */
  readonly scale: number;
  readonly notes: readonly string[];
}

/** Writes the classifier into the new folder `out`: a model with a head, which predicts, is evaluated, exported, and trained further. */
export async function zeroShot(options: ZeroShotOptions): Promise<ZeroShotModel> {
  checkGiven(options);
  const { out, signal } = options;
  await checkNewFolder(out);
  const { labels, notes: dataNotes } = await labelsOf(options);
  const hub = { ...(signal && { signal }), onProgress: downloads(options) };
  const located = await locateModel(options.model, withTokenizer(hub));
  const source = await openWeights(located.weights);
  const { heads, onProgress } = options;
  const model = await readModel(options.model, {
    ...(signal && { signal }),
    ...(heads !== undefined && { heads }),
    onProgress: (step) => onProgress?.(step),
  });
  const config = towerConfig(model);
  const projection = await readProjection(model, source);
  const features = projection?.shape[0] ?? pooledWidth(config);
  const texts = await classTexts(options, { labels, features, image: { located, source } });
  const { scale, bias, note } = await readScale([source, ...texts.sources]);
  signal?.throwIfAborted();
  const head = headOf(texts.features, { scale, bias });
  const made: VitConfig = {
    ...config,
    classes: labels.length,
    ...(projection && { projection: features }),
    unitFeature: true,
  };
  const weights: Weights = new Map([
    ...model.weights,
    ...(projection ? [["projection", projection] as const] : []),
    ...head,
  ]);
  const { preprocessing } = model;
  await writeModel(out, { config: made, weights, labels, ...(preprocessing && { preprocessing }) });
  return {
    ...{ path: out, classes: labels, scale },
    ...(texts.prompts && { prompts: texts.prompts }),
    notes: [...dataNotes, ...notesOf(model), ...texts.notes, ...(note ? [note] : []), rlrrAlone],
  };
}

/** What was assumed of the image tower. What was ignored when it was read is used here. */
const notesOf = (model: Model): readonly string[] => [
  ...model.notes.filter((note) => !/^Ignored the (text tower|scale of image|projection to)/.test(note)),
  ...sayAssumedSteps(model, {}),
];

/** Logits are scale · cosine + bias. */
function headOf(
  { shape, data }: Tensor,
  { scale, bias }: { readonly scale: number; readonly bias: number },
): readonly (readonly [string, Tensor])[] {
  const [classes = 0] = shape;
  return [
    ["head.weight", { shape, data: data.map((value) => scale * value) }],
    ["head.bias", { shape: [classes], data: new Float32Array(classes).fill(bias) }],
  ];
}
