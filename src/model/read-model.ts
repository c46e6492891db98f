/** Reads a pre-trained Vision Transformer from a file, a folder or the hub; its weights stay on disk. */

import { basename } from "node:path";
import { FileError, InputError } from "../errors.ts";
import { readJson } from "../files/read-json.ts";
import { type Shape, sizeOf, type Weight, type Weights } from "../formats/tensor.ts";
import { needed } from "../needed.ts";
import { fitSteps, outputSize } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import { atImageSize } from "./at-image-size.ts";
import { convertWeights } from "./convert-weights.ts";
import type { CommonHints, Origin, WeightPlan } from "./family.ts";
import { findByHash, parseHashName } from "./find-by-hash.ts";
import { labelsOfHead } from "./head-labels.ts";
import type { HubOptions } from "./hub.ts";
import { parseHuggingFaceConfig } from "./hugging-face-config.ts";
import { parseHuggingFaceSteps, sayUnreadFields } from "./hugging-face-steps.ts";
import { type LocatedModel, locateModel, locateNamed } from "./locate-model.ts";
import type { Model } from "./model.ts";
import { convertedPlaces, hubCachePlaces, rememberedPlaces } from "./model-places.ts";
import type { NamedModel } from "./named-models.ts";
import { planModel } from "./plan-model.ts";
import type { PositionMethod } from "./position.ts";
import { isTimmConfig, parseTimmConfig } from "./timm-config.ts";
import { openWeights, type WeightSource } from "./weight-source.ts";

/** Progress of what takes time: downloading a file from the hub, or converting tensors into the cache. */
export interface ModelProgress {
  readonly type: "download" | "convert";
  readonly file: string;
  readonly done: number;
  readonly total: number;
}

export interface ReadModelOptions {
  readonly signal?: AbortSignal;
  /** False where an adapter, not the user, names the model: then the hub is asked without the user's token. */
  readonly sendToken?: boolean;
  /** In pixels; by default what the model was stored for or, of transformers' DINOv2, what its preprocessing makes. */
  readonly imageSize?: number | readonly [height: number, width: number];
  /** Where neither a configuration nor the width tells. */
  readonly heads?: number;
  /** How positions are interpolated when the grid of patches differs; by default as the model's own project does. */
  readonly positionMethod?: PositionMethod;
  readonly onProgress?: (progress: ModelProgress) => void;
}

/** What the configuration says; one that merely lies beside a file, and describes no model, says nothing. */
async function readHints({ config, beside }: LocatedModel): Promise<CommonHints> {
  if (config === undefined) return {};
  const value = await readJson(config);
  if (beside === undefined) return parseHints(value, config);
  if (!describesModel(value)) return { notes: [`${config} describes no model, so it was not used.`] };
  const advice = ` If it is not the configuration of ${beside}, move ${beside} to another folder.`;
  try {
    return { ...parseHints(value, config), advice };
  } catch (error) {
    throw error instanceof FileError ? new FileError(error.message + advice, { cause: error }) : error;
  }
}

const parseHints = (value: unknown, where: string): CommonHints =>
  isTimmConfig(value) ? parseTimmConfig(value, where) : parseHuggingFaceConfig(value, where);

const describesModel = (value: unknown): boolean =>
  value !== null &&
  typeof value === "object" &&
  ["model_type", "architecture", "architectures"].some((key) => Object.hasOwn(value, key));

/** The weight on disk that `origin` names; each third of a fused q, k, v is a range of its rows. */
export function storedWeight(source: WeightSource, origin: Origin, shape: Shape): Weight | undefined {
  if ("compute" in origin || origin.form !== "same" || origin.scaledBy !== undefined) return undefined;
  const stored = source.get(origin.source)?.stored;
  if (stored === undefined) return undefined;
  return { shape, path: stored.path, offset: stored.offset + (origin.part ?? 0) * sizeOf(shape) * 4 };
}

/** Every weight where it lies, or `undefined` where one of them needs converting. */
function storedWeights(source: WeightSource, plan: WeightPlan): Weights | undefined {
  const { shapes } = plan;
  const weights = new Map<string, Weight>();
  for (const [ours, origin] of plan.origins) {
    const shape = needed(shapes.get(ours), `shape of ${ours}`);
    const weight = origin
      ? storedWeight(source, origin, shape)
      : { shape, data: new Float32Array(sizeOf(shape)) };
    if (weight === undefined) return undefined;
    weights.set(ours, weight);
  }
  return weights;
}

async function placeWeights(
  located: LocatedModel,
  { source, plan }: { readonly source: WeightSource; readonly plan: WeightPlan },
  { signal, onProgress }: ReadModelOptions,
): Promise<{ readonly weights: Weights; readonly notes: readonly string[] }> {
  const stored = storedWeights(source, plan);
  if (stored !== undefined) return { weights: stored, notes: [] };
  const file = basename(needed(located.weights[0], "weights file"));
  const { weights, path, reused } = await convertWeights(
    { plan, source, paths: located.weights },
    {
      ...(signal && { signal }),
      onProgress: (done, total) => onProgress?.({ type: "convert", file, done, total }),
    },
  );
  const how = reused ? "An earlier conversion was used" : "The weights were converted to float32";
  return { weights, notes: [`${how}: ${path}.`] };
}

interface ReadSteps {
  readonly steps?: readonly Step[] | undefined;
  readonly notes: readonly string[];
}

async function readSteps({ preprocessor }: LocatedModel, hints: CommonHints): Promise<ReadSteps> {
  if (preprocessor === undefined) return { steps: hints.preprocessing, notes: [] };
  const value = await readJson(preprocessor);
  return {
    steps: parseHuggingFaceSteps(value, { where: preprocessor }),
    notes: sayUnreadFields(value, preprocessor),
  };
}

/** The model that `source` names: a .safetensors or .npz file, a folder, a named model such as `tiny`, a hub id, or `sha256:` and the hash of its weights. */
export const readModel = async (source: string, options: ReadModelOptions = {}): Promise<Model> => {
  const sha256 = parseHashName(source);
  if (sha256 !== undefined) return readByHash(sha256, options);
  return readLocated(await locateModel(source, hubOptions(options)), options);
};

/** The model with these weights, wherever on this machine it was seen or is cached. */
async function readByHash(sha256: string, options: ReadModelOptions): Promise<Model> {
  const read = (place: string) => readModel(place, options);
  async function* places(): AsyncGenerator<string> {
    yield* await rememberedPlaces(sha256);
    yield* hubCachePlaces();
    yield* convertedPlaces();
  }
  const found = await findByHash({ sha256 }, places(), { read, signal: options.signal });
  if (found) return found;
  throw new InputError(
    `sha256:${sha256}: no model with these weights is in the hub's cache or was used here before. Name its file, its folder or its hub id.`,
  );
}

/** A named model, from the cache or the hub, whatever lies in the working directory. */
export const loadNamedModel = async (named: NamedModel, options: ReadModelOptions = {}): Promise<Model> =>
  readLocated(await locateNamed(named, hubOptions(options)), options);

const hubOptions = ({ signal, sendToken, onProgress }: ReadModelOptions): HubOptions => ({
  ...(signal && { signal }),
  sendToken,
  onProgress: (file, done, total) => onProgress?.({ type: "download", file, done, total }),
});

async function readLocated(located: LocatedModel, options: ReadModelOptions): Promise<Model> {
  const { signal, heads } = options;
  const hints = await readHints(located);
  const tensors = await openWeights(located.weights);
  signal?.throwIfAborted();
  const [first = located.id] = located.weights;
  const where = located.weights.length === 1 ? first : located.source;
  const { family, plan } = planModel(tensors, { where, hints });
  const { config: stored, notes } = hints.stored
    ? { config: hints.stored, notes: [] }
    : family.configure(plan, { where, hints, heads });
  const { labels, notes: renamed } = labelsOfHead(hints, { classes: plan.classes, from: where });
  const placed = await placeWeights(located, { source: tensors, plan }, options);
  const { steps, notes: unread } = await readSteps(located, hints);
  const asked = { imageSize: options.imageSize, method: options.positionMethod, hints, steps };
  const resized = await atImageSize({ config: stored, weights: placed.weights }, { family, ...asked });
  const { config, weights, stored: storedWeights } = resized;
  const flaw = family.flaw(config);
  if (flaw !== undefined) throw new InputError(`${where}: ${flaw}.`);

  const preprocessing = steps && fitSteps(steps, config.imageSize);
  const allNotes = [
    ...located.notes,
    ...plan.notes,
    ...(hints.notes ?? []),
    ...notes,
    ...renamed,
    ...placed.notes,
    ...resized.notes,
    ...unread,
  ];
  if (steps !== undefined && preprocessing !== steps)
    allNotes.push(
      `Preprocessing was changed from ${outputSize(steps).join(" x ")} to ${config.imageSize.join(" x ")} pixels.`,
    );
  return {
    id: located.id,
    source: located.source,
    ...(located.commit !== undefined && { commit: located.commit }),
    config,
    weights,
    ...(storedWeights && { storedWeights }),
    labels,
    ...(hints.problem && stored.classes > 0 && { problem: hints.problem }),
    ...{ files: located.weights, layout: plan.title },
    ...(preprocessing && { preprocessing }),
    notes: allNotes,
  };
}
