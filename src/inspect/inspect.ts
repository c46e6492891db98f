/** Describes any file or folder: a model, an adapter, a run, a data set, a checkpoint, an image, or a named size. */

import { readdir } from "node:fs/promises";
import { dirname } from "node:path";
import { adapterFolder } from "../adapter/adapter-file.ts";
import { readDataset } from "../datasets/read-dataset.ts";
import { FileError, InputError } from "../errors.ts";
import { checkCounts } from "../files/check-count.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import { statOf } from "../files/exists.ts";
import { readFailure } from "../files/file-problem.ts";
import { type ListedTensor, listTensors } from "../formats/list-tensors.ts";
import { type ImageFacts, readImageFacts } from "../images/image-facts.ts";
import type { Method } from "../methods/method.ts";
import { isVariant } from "../model/architectures.ts";
import { namedModels } from "../model/named-models.ts";
import type { ReadModelOptions } from "../model/read-model.ts";
import { sayUnreadable, whyUnreadable } from "../model/unreadable-weights.ts";
import { type AdapterRecord, inspectAdapter, type RunRecord } from "./inspect-adapter.ts";
import { type DatasetRecord, type InspectDataOptions, inspectData } from "./inspect-data.ts";
import {
  inspectModel,
  inspectNamed,
  inspectSize,
  type ModelRecord,
  type NamedRecord,
  type SizeRecord,
} from "./inspect-model.ts";
import { type CheckpointRecord, inspectTensors, type TensorsRecord } from "./inspect-tensors.ts";
import type { CountOptions } from "./trainable-counts.ts";

export interface InspectOptions
  extends Pick<ReadModelOptions, "signal" | "onProgress">,
    Pick<InspectDataOptions, "onImages"> {
  /** Attention heads, where neither the model's config nor its width tells. */
  readonly heads?: number | undefined;
  /** What would train in a model or a size: by one method with its options, or by every method. */
  readonly method?: {
    readonly name?: string | Method | undefined;
    readonly options?: CountOptions["settings"];
  };
  /** Rows of the head that would train with it. */
  readonly classes?: number | undefined;
  /** Lists every tensor. */
  readonly tensors?: boolean | undefined;
}

const known: KnownOptions<InspectOptions> = {
  ...{ heads: true, method: true, classes: true, tensors: true },
  ...{ signal: true, onProgress: true, onImages: true },
};

/** An image file. */
export interface ImageRecord extends ImageFacts {
  readonly type: "image";
  readonly path: string;
}

export type InspectedRecord =
  | SizeRecord
  | NamedRecord
  | ModelRecord
  | AdapterRecord
  | RunRecord
  | DatasetRecord
  | CheckpointRecord
  | TensorsRecord
  | ImageRecord;

/** What `rlrr inspect --json` prints: what something is, and its tensors where they were asked for. */
export type Inspection = InspectedRecord & { readonly tensors?: readonly ListedTensor[] };

interface Identified {
  readonly record: InspectedRecord;
  /** Of what has tensors. */
  readonly tensors?: readonly ListedTensor[];
}

/** Says what `what` is: a path, a named model such as `tiny`, the name of a size such as `vit-b16`, or an id of the hub. */
export async function inspect(what: string, options: InspectOptions = {}): Promise<Inspection> {
  checkPath(what, { what: "inspect: what to describe" });
  checkOptions(options, { verb: "inspect", known });
  checkCounts({ heads: options.heads });
  const { record, tensors } = await identify(what, options);
  const asksCounts = options.method !== undefined || options.classes !== undefined;
  const isDefined = record.type === "adapter" && record.method.name === ownMethod(options)?.name;
  if (asksCounts && !isDefined && !["model", "size", "named"].includes(record.type))
    throw new InputError(
      (show) =>
        `${what} is neither a model nor a size, so ${show("method")}, its options and ${show("classes")} do not apply.`,
    );
  if (!options.tensors) return record;
  if (tensors === undefined) throw new InputError(`${what} has no tensors to list.`);
  return { ...record, tensors };
}

/** A method of the user's own, which an adapter may have been trained with. */
const ownMethod = ({ method }: InspectOptions): Method | undefined =>
  typeof method?.name === "object" ? method.name : undefined;

const countsOf = ({ method, classes = 0 }: InspectOptions): CountOptions => ({
  method: method?.name,
  settings: method?.options ?? {},
  classes,
});

const modelOptions = (options: InspectOptions): CountOptions & ReadModelOptions => {
  const { heads, signal, onProgress } = options;
  return {
    ...countsOf(options),
    ...(heads !== undefined && { heads }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  };
};

/** What exists as a path wins over the name of a size or of a model on the hub. */
async function identify(what: string, options: InspectOptions): Promise<Identified> {
  const found = await statOf(what);
  if (found !== undefined)
    return found.isDirectory() ? identifyFolder(what, options) : identifyFile(what, options);
  const named = namedModels.get(what);
  if (named) return inspectNamed(named, countsOf(options));
  return isVariant(what) ? inspectSize(what, countsOf(options)) : inspectModel(what, modelOptions(options));
}

const dataOptions = ({ signal }: InspectOptions) => (signal ? { signal } : {});

async function identifyFolder(folder: string, options: InspectOptions): Promise<Identified> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw readFailure(folder, cause);
  });
  if (names.includes("run.json") || (await adapterFolder(folder)))
    return inspectAdapter(folder, ownMethod(options));
  const hasWeights = names.some((name) => /\.(safetensors(\.index\.json)?|npz)$/.test(name));
  const isModel = names.some((name) => /^model\.safetensors(\.index\.json)?$/.test(name));
  if (isModel || (hasWeights && names.includes("config.json")))
    return inspectModel(folder, modelOptions(options));
  const dataset = await readDataset(folder, dataOptions(options)).catch((cause: unknown) => {
    if (!(cause instanceof InputError || cause instanceof FileError)) throw cause;
    const weights = names.find((name) => /\.(safetensors|npz)$/.test(name));
    if (weights !== undefined)
      throw new InputError(
        `${folder} holds nothing that rlrr can read as a whole. Name a file in it, such as ${weights}.`,
      );
    const unreadable = sayUnreadable(folder, names);
    throw new InputError(
      unreadable
        ? `${folder} is not a model that can be read.${unreadable}`
        : `${folder} is no model, no adapter and no run; as a data set: ${cause.message}`,
      { cause },
    );
  });
  return { record: await inspectData(folder, dataset, options) };
}

async function identifyFile(path: string, options: InspectOptions): Promise<Identified> {
  if (/(^|[/\\])adapter_model\.safetensors$/.test(path) && (await adapterFolder(dirname(path))))
    return inspectAdapter(dirname(path), ownMethod(options));
  if (/\.(safetensors|npz)$/.test(path)) return identifyWeights(path, options);
  if (/\.(csv|tsv)$/i.test(path))
    return {
      record: await inspectData(path, await readDataset(path, dataOptions(options)), options),
    };
  if (path.endsWith(".safetensors.index.json")) return inspectModel(path, modelOptions(options));
  const image = await readImageFacts(path);
  if (image) return { record: { type: "image", path, ...image } };
  const why = whyUnreadable(path);
  if (why !== undefined) throw new InputError(`${path} ${why}`);
  throw new InputError(
    `${path} cannot be read by rlrr. It must be a model (.safetensors, .npz or a folder), an adapter, a run, a data set (a folder or a .csv file) or an image.`,
  );
}

/** A damaged file is an error; an intact one that is not a ViT is described as a file of tensors. */
async function identifyWeights(path: string, options: InspectOptions): Promise<Identified> {
  await listTensors(path);
  try {
    return await inspectModel(path, modelOptions(options));
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return inspectTensors(path, error.message);
  }
}
