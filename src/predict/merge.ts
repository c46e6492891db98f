/** Merges an adapter into its base: one plain model, verified to give the same logits. */

import { mergeAdapter } from "../adapter/merge.ts";
import type { Engine } from "../engine/engine.ts";
import { type EngineOptions, openEngine } from "../engine/open-engine.ts";
import { EngineError, InputError } from "../errors.ts";
import { checkCounts } from "../files/check-count.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import { checkNewFolder } from "../files/check-output-paths.ts";
import type { Model } from "../model/model.ts";
import { readModel } from "../model/read-model.ts";
import { hasClass, rlrrAlone, writeModel } from "../model/write-model.ts";
import { randomStream } from "../random.ts";
import { classifierGraph } from "./classifier.ts";
import { type OpenedModel, type OpenModelOptions, openModel } from "./open-model.ts";

export interface MergeOptions extends OpenModelOptions, EngineOptions {
  /** The base; where left out, the one that the adapter names. */
  readonly model?: string | Model | undefined;
  /** Computes the weights, and stays open; where left out, one is opened with `provider` and `threads`. */
  readonly engine?: Engine | undefined;
}

const known: KnownOptions<MergeOptions> = {
  ...{ model: true, engine: true, heads: true, method: true, provider: true, threads: true },
  ...{ signal: true, onProgress: true },
};

/** The result of merging. */
export interface MergedModel {
  /** A folder in Hugging Face's format. */
  readonly path: string;
  /** What the user should know of it. */
  readonly notes: readonly string[];
  /** The largest difference of a logit from the adapted model's, relative to the largest logit; 0 is to the last bit. */
  readonly difference: number;
}

/** Writes base and adapter as one plain model into the new folder `out`, where it appears once its logits are found equal. */
export async function merge(adapter: string, out: string, options: MergeOptions = {}): Promise<MergedModel> {
  checkOptions(options, { verb: "merge", known });
  checkPath(adapter, { what: "merge: the adapter" });
  checkPath(out, { what: "merge: the folder to write" });
  if (options.model !== undefined)
    checkPath(options.model, { what: "merge: model", kind: "a model that was read" });
  checkCounts({ threads: options.threads, heads: options.heads });
  await checkNewFolder(out);
  const opened = await openModel({ adapter, model: options.model }, options);
  const { provider, threads, signal } = options;
  const engine = options.engine ?? (await openEngine({ provider, threads }));
  try {
    const difference = await mergeInto(out, opened, { engine, signal });
    const config = opened.adapter?.config ?? opened.model.config;
    return { path: out, difference, notes: hasClass(config) ? [] : [rlrrAlone] };
  } finally {
    if (!options.engine) await engine.close();
  }
}

/** float32 rounding is about 1e-6 of the largest logit; more means that merging is wrong. */
const mostDifference = 1e-4;

async function mergeInto(
  out: string,
  opened: OpenedModel,
  { engine, signal }: { readonly engine: Engine; readonly signal: AbortSignal | undefined },
): Promise<number> {
  const { model, adapter, labels, preprocessing } = opened;
  if (!adapter) throw new InputError("merge: there is no adapter to merge.");
  const weights = await mergeAdapter(model, adapter, engine);
  signal?.throwIfAborted();
  let difference = Number.NaN;
  const check = async (written: string) => {
    difference = await largestDifference(opened, await readModel(written), engine);
    if (!(difference <= mostDifference))
      throw new EngineError(
        `${out}: the merged model's logits differ by ${difference} of their size from the adapted model's; at most 1e-4 is rounding. It was not kept.`,
      );
    signal?.throwIfAborted();
  };
  await writeModel(out, { config: adapter.config, weights, labels, preprocessing }, { check });
  return difference;
}

/** Over random images: the largest difference of a logit, relative to the largest logit (at least 1). */
async function largestDifference(adapted: OpenedModel, merged: Model, engine: Engine): Promise<number> {
  const batchSize = 2;
  const [height, width] = merged.config.imageSize;
  const images = randomStream(1, "merge").fillUniform(new Float32Array(batchSize * 3 * height * width), {
    low: -1,
    high: 1,
  });
  const logits = async (part: { model: Model; adapter?: OpenedModel["adapter"] }) => {
    const session = await engine.compile(classifierGraph({ ...part, batchSize }));
    try {
      const { logits: row } = await session.run({ images });
      if (row === undefined) throw new Error("internal: the session has no output logits.");
      return row;
    } finally {
      await session.close();
    }
  };
  const [before, after] = [await logits(adapted), await logits({ model: merged })];
  const size = before.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1);
  return before.reduce(
    (worst, x, index) => Math.max(worst, Math.abs(x - (after[index] ?? Number.NaN)) / size),
    0,
  );
}
