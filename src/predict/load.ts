/** Opens a model for predictions: finds the model, its base, and how its images are preprocessed. */

import type { Engine } from "../engine/engine.ts";
import { type EngineOptions, openEngine } from "../engine/open-engine.ts";
import { InputError } from "../errors.ts";
import { checkCounts, shown } from "../files/check-count.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import type { ImageStore } from "../images/image-store.ts";
import { backboneOf } from "../model/architectures.ts";
import type { Model } from "../model/model.ts";
import { microBatchFor } from "../train/micro-batch.ts";
import { type PredictionPrecision, predictionPrecisions } from "./classifier-sessions.ts";
import { LoadedModel } from "./loaded-model.ts";
import { type Named, nameSource, type OpenModelOptions, openModel } from "./open-model.ts";

export interface LoadOptions extends OpenModelOptions, EngineOptions {
  /** The base of an adapter; where left out, the one that it names. */
  readonly model?: string | Model | undefined;
  /** Runs the model, and stays open; where left out, one is opened with `provider` and `threads`. */
  readonly engine?: Engine | undefined;
  /** Decoded images to share, whose owner closes it. */
  readonly store?: ImageStore | undefined;
  /** The most images per run; by default as suits the model. */
  readonly batchSize?: number | undefined;
  /** How many images will come, where that is known: no run is made for more. */
  readonly expectedImages?: number | undefined;
  /** int8 computes the large matrix products in 8 bits, and some images in fp32 too: see `agreement`. fp32 where left out. */
  readonly precision?: PredictionPrecision | undefined;
}

const known: KnownOptions<LoadOptions> = {
  ...{ model: true, engine: true, store: true, batchSize: true, expectedImages: true, heads: true },
  ...{ method: true, provider: true, threads: true, signal: true, onProgress: true, precision: true },
};
const knownNames: KnownOptions<Named> = { adapter: true, model: true };

/** Loads an adapter, the run that made it, or a model that has a head of its own. */
export async function load(source: string | Named, options: LoadOptions = {}): Promise<LoadedModel> {
  if (typeof source !== "string" && (typeof source !== "object" || source === null))
    throw new InputError(
      `load takes the path or the hub id of a model, or { adapter, model }; got ${shown(source)}.`,
    );
  checkOptions(options, { verb: "load", known });
  const given = typeof source === "string" ? { model: options.model } : source;
  checkOptions(given, { verb: "load", known: knownNames });
  for (const [name, value] of Object.entries(given))
    for (const one of [value].flat())
      if (one !== undefined)
        checkPath(one, { what: `load: ${name}`, ...(name === "model" && { kind: "a model that was read" }) });
  const { threads, heads, precision = "fp32" } = options;
  checkCounts({ threads, heads, batchSize: options.batchSize, expectedImages: options.expectedImages });
  if (!predictionPrecisions.includes(precision))
    throw new InputError(
      (show) => `load: ${show("precision")} must be fp32 or int8, got ${shown(precision)}.`,
    );
  const named = typeof source === "string" ? await nameSource(source, options.model) : source;
  const opened = await openModel(named, options);
  const { provider, store } = options;
  const engine = options.engine ?? (await openEngine({ provider, threads }));
  const release = async () => {
    if (!options.engine) await engine.close();
  };
  const notes = options.engine ? opened.notes : [...engine.notes, ...opened.notes];
  const { expectedImages, batchSize = suitableBatch(opened.model) } = options;
  const most = Math.max(1, Math.min(batchSize, expectedImages ?? batchSize));
  return new LoadedModel({
    ...{ ...opened, notes, engine, store, batchSize: most, expectedImages, precision, release },
  });
}

/** As many images as a run answers in a few seconds, since only between runs can it be interrupted. */
const suitableBatch = ({ config }: Model): number =>
  microBatchFor(backboneOf(config), { batchSize: 16, memoryBytes: Number.POSITIVE_INFINITY });
