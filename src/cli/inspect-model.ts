/** What a pre-trained model is, and what a size is that has no weights yet. */

import { stat } from "node:fs/promises";
import { type ListedTensor, listTensors } from "../formats/list-tensors.ts";
import { sizeOf } from "../formats/tensor.ts";
import { backboneOf } from "../model/architectures.ts";
import { hashWeights } from "../model/hash.ts";
import type { Model, VitConfig } from "../model/model.ts";
import { type VariantName, variants } from "../model/variants.ts";
import { planWeights } from "../model/weight-plan.ts";
import { openWeights } from "../model/weight-source.ts";
import { interruption } from "./exit.ts";
import type { Inspection, InspectOptions } from "./inspect.ts";
import { readShownModel } from "./read-shown-model.ts";
import { renderBytes, renderCount, renderFacts, renderSome, renderSteps } from "./render-facts.ts";
import { backboneSize, countTrainables } from "./trainable-counts.ts";

const sizeFacts = (config: VitConfig) =>
  [
    ["blocks", `${config.depth} of width ${config.width}, ${config.heads} heads, MLP of ${config.mlpWidth}`],
    ["images", `${config.imageSize.join(" x ")} pixels in patches of ${config.patchSize}`],
    ["norm epsilon", config.layerNormEps],
  ] as const;

/** A published size by its name: no weights are needed to say what would train. */
export function inspectSize(name: VariantName, options: InspectOptions): Inspection {
  const config = variants[name];
  const parameters = { backbone: backboneSize(config), head: 0 };
  const counts = countTrainables(config, options);
  const facts = renderFacts(`${name} is a size of Vision Transformer; it has no weights.`, [
    ...sizeFacts(config),
    ["parameters", renderCount(parameters.backbone)],
  ]);
  return {
    record: { type: "size", name, config, parameters, ...counts.record },
    text: `${facts}\n\n${counts.text}`,
    tensors: [...backboneOf(config).shapes].map(([key, shape]) => ({ name: key, dtype: "F32", shape })),
  };
}

/** A model with weights: a file, a folder or a hub id. */
export async function inspectModel(source: string, options: InspectOptions): Promise<Inspection> {
  const { heads, json } = options;
  const model = await readShownModel(source, { ...(heads && { heads }), json, signal: interruption });
  const { files: paths = [] } = model;
  const { layout } = planWeights(await openWeights(paths), source);
  const tensors = (await Promise.all(paths.map(listTensors))).flatMap((list) => list.tensors);
  const bytes = await totalBytes(paths);
  const { id, config, labels, preprocessing, notes } = model;
  const parameters = countParameters(model);
  const sha256 = await hashWeights(model, { signal: interruption });
  const dtypes = countTypes(tensors);
  const counts = countTrainables(config, options);
  const facts = renderFacts(`${source} is a Vision Transformer that can be adapted.`, [
    ["names", `${layout.title}, ${renderCount(tensors.length)} tensors (${renderTypes(dtypes)})`],
    ...sizeFacts(config),
    ["parameters", renderParameters(parameters)],
    ["size", `${renderBytes(bytes)}${paths.length > 1 ? ` in ${paths.length} files` : ""}`],
    ["labels", renderLabels(model)],
    ["preprocessing", preprocessing ? renderSteps(preprocessing) : "not said"],
    ["sha256", sha256],
    ...notes.map((note, index) => [index === 0 ? "notes" : "", note] as const),
  ]);
  return {
    record: {
      ...{
        type: "model",
        id,
        files: paths,
        bytes,
        layout: layout.title,
        tensorCount: tensors.length,
        dtypes,
        config,
        parameters,
      },
      ...{ labels, preprocessing: preprocessing ?? null, sha256, notes, ...counts.record },
    },
    text: `${facts}\n\n${counts.text}`,
    tensors,
  };
}

interface Parameters {
  readonly backbone: number;
  readonly head: number;
}

function countParameters({ weights }: Model): Parameters {
  const sum = (head: boolean) =>
    [...weights].reduce(
      (total, [name, { shape }]) => total + (name.startsWith("head.") === head ? sizeOf(shape) : 0),
      0,
    );
  return { backbone: sum(false), head: sum(true) };
}

const renderParameters = ({ backbone, head }: Parameters): string =>
  head === 0
    ? `${renderCount(backbone)}, without a head`
    : `${renderCount(backbone + head)}: backbone ${renderCount(backbone)}, head ${renderCount(head)}`;

function renderLabels({ labels, config: { classes } }: Model): string {
  if (classes === 0) return "none, as it has no head";
  return labels.length > 0 ? renderSome(labels) : `${renderCount(classes)} classes without names`;
}

async function totalBytes(paths: readonly string[]): Promise<number> {
  const sizes = await Promise.all(paths.map((path) => stat(path)));
  return sizes.reduce((total, { size }) => total + size, 0);
}

/** How many tensors of each type. */
export function countTypes(tensors: readonly ListedTensor[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { dtype } of tensors) counts.set(dtype, (counts.get(dtype) ?? 0) + 1);
  return Object.fromEntries(counts);
}

export function renderTypes(counts: Readonly<Record<string, number>>): string {
  const types = Object.entries(counts);
  return types.length === 1
    ? (types[0]?.[0] ?? "")
    : types.map(([dtype, count]) => `${count} ${dtype}`).join(", ");
}
