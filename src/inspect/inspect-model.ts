/** Describes a pre-trained model, or a published size without weights. */

import { stat } from "node:fs/promises";
import { type ListedTensor, listTensors } from "../formats/list-tensors.ts";
import { sizeOf } from "../formats/tensor.ts";
import type { ModelConfig } from "../model/architectures.ts";
import { backboneOf, variants } from "../model/architectures.ts";
import { hashWeights } from "../model/hash.ts";
import { cachedFolder } from "../model/hub.ts";
import type { Model } from "../model/model.ts";
import type { NamedModel } from "../model/named-models.ts";
import { type ReadModelOptions, readModel } from "../model/read-model.ts";
import { needed } from "../needed.ts";
import type { Step } from "../preprocessing/steps.ts";
import {
  backboneSize,
  type CountOptions,
  countTrainables,
  type TrainableCounts,
} from "./trainable-counts.ts";

interface Parameters {
  readonly backbone: number;
  readonly head: number;
}

/** A published size, and what would train in it. */
export type SizeRecord = TrainableCounts & {
  readonly type: "size";
  readonly name: string;
  readonly config: ModelConfig;
  readonly parameters: Parameters;
};

/** A model of the hub that has a name of its own, and what would train in it. */
export type NamedRecord = TrainableCounts &
  Pick<SizeRecord, "config" | "parameters"> &
  Omit<NamedModel, "size" | "files" | "millions"> & {
    readonly type: "named";
    /** Where it lies on this machine; null where it would have to be fetched. */
    readonly cached: string | null;
  };

/** A model with weights, and what would train in it. */
export type ModelRecord = TrainableCounts & {
  readonly type: "model";
  readonly id: string;
  readonly files: readonly string[];
  readonly bytes: number;
  /** Which naming scheme its tensors follow. */
  readonly layout: string;
  readonly tensorCount: number;
  /** How many tensors there are of each type. */
  readonly dtypes: Readonly<Record<string, number>>;
  readonly config: ModelConfig;
  readonly parameters: Parameters;
  readonly labels: readonly string[];
  /** Null where the model does not say. */
  readonly preprocessing: readonly Step[] | null;
  /** Of the backbone's weights, whatever file they come in. */
  readonly sha256: string;
  readonly notes: readonly string[];
};

interface Inspected<Record> {
  readonly record: Record;
  readonly tensors: readonly ListedTensor[];
}

/** A published size by its name: no weights are needed to say what would train. */
export function inspectSize(name: string, options: CountOptions): Inspected<SizeRecord> {
  const config = needed(variants[name], `size ${name}`);
  const parameters = { backbone: backboneSize(config), head: 0 };
  return {
    record: { type: "size", name, config, parameters, ...countTrainables(config, options) },
    tensors: [...backboneOf(config).shapes].map(([key, shape]) => ({ name: key, dtype: "F32", shape })),
  };
}

/** A named model by its row of the table: nothing is fetched to say what it is. */
export async function inspectNamed(
  named: NamedModel,
  options: CountOptions,
): Promise<Inspected<NamedRecord>> {
  const { record, tensors } = inspectSize(named.size, options);
  const { name, hubId, licence, megabytes, imagesPerSecondPerCore } = named;
  const cached = (await cachedFolder({ name: hubId, revision: "main" })) ?? null;
  const facts = { name, hubId, licence, megabytes, imagesPerSecondPerCore, cached };
  return { record: { ...record, type: "named", ...facts }, tensors };
}

/** A model with weights: a file, a folder or a hub id. */
export async function inspectModel(
  source: string,
  options: CountOptions & ReadModelOptions,
): Promise<Inspected<ModelRecord>> {
  const signal = options.signal ? { signal: options.signal } : {};
  const model = await readModel(source, options);
  const { id, files = [], config, labels, preprocessing = null, notes } = model;
  const tensors = (await Promise.all(files.map(listTensors))).flatMap((list) => list.tensors);
  const record: ModelRecord = {
    ...{ type: "model", id, files, bytes: await totalBytes(files), layout: needed(model.layout, "layout") },
    ...{ tensorCount: tensors.length, dtypes: countTypes(tensors), config },
    ...{ parameters: countParameters(model), labels, preprocessing },
    ...{ sha256: await hashWeights(model, signal), notes, ...countTrainables(config, options) },
  };
  return { record, tensors };
}

function countParameters({ weights }: Model): Parameters {
  const sum = (head: boolean) =>
    [...weights].reduce(
      (total, [name, { shape }]) => total + (name.startsWith("head.") === head ? sizeOf(shape) : 0),
      0,
    );
  return { backbone: sum(false), head: sum(true) };
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
