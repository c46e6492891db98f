/** Combines adapters of one base into one adapter: a sum of what they change, a soup, or a way back towards the base. */

import type { Adapter } from "../adapter/adapter.ts";
import { writeAdapter } from "../adapter/adapter-file.ts";
import { checkTogether } from "../adapter/check-together.ts";
import { shortNames } from "../adapter/short-names.ts";
import { calibrate } from "../calibration/calibrate.ts";
import type { Dataset } from "../datasets/dataset.ts";
import { readDataset } from "../datasets/read-dataset.ts";
import { type EngineOptions, openEngine } from "../engine/open-engine.ts";
import { InputError } from "../errors.ts";
import { checkCounts, shown } from "../files/check-count.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import { checkNewFolder } from "../files/check-output-paths.ts";
import { limits } from "../limits.ts";
import { methodOf } from "../methods/methods.ts";
import type { Model } from "../model/model.ts";
import { type OpenModelOptions, openModel } from "../predict/open-model.ts";
import type { ProgressEvent } from "../train/fit-events.ts";
import { chooseValidation, type Validated, validate, withStore } from "./choose-by-validation.ts";
import { type Combination, combinations, combineAdapters, type Ingredient } from "./combine-adapters.ts";

export interface CombineOptions extends OpenModelOptions, EngineOptions {
  /** The base; where left out, the one that the adapters name. */
  readonly model?: string | Model | undefined;
  /** One for each adapter; all alike, with a sum of 1, where left out. */
  readonly weights?: readonly number[] | undefined;
  /** Sums changes to weights, which is the default, or averages the trained parameters. */
  readonly by?: Combination | undefined;
  /** How far towards the base, from 0 to 1; of several, validation images choose. */
  readonly towardsBase?: readonly number[] | undefined;
  /** Data whose validation images choose, and calibrate the result. */
  readonly data?: string | Dataset | undefined;
  readonly onWork?: ((event: ProgressEvent) => void) | undefined;
}

const known: KnownOptions<CombineOptions> = {
  ...{ model: true, weights: true, by: true, towardsBase: true, data: true, method: true, heads: true },
  ...{ provider: true, threads: true, signal: true, onProgress: true, onWork: true },
};

/** One point of the curve from the adapters to their base. */
export interface CurvePoint {
  readonly towardsBase: number;
  readonly top1: number;
  readonly correct: number;
  readonly images: number;
  readonly split: Validated["split"];
  readonly loss: number;
}

export interface CombinedAdapter {
  /** The adapter's folder. */
  readonly path: string;
  readonly method: Adapter["method"];
  readonly weights: readonly number[];
  readonly by: Combination;
  /** Whether it can become a plain model. */
  readonly isMergeable: boolean;
  /** What was kept. */
  readonly towardsBase: number;
  /** Empty without data. */
  readonly curve: readonly CurvePoint[];
}

/** Writes the adapter into the new folder `out`; it is like any other. */
export async function combine(
  adapters: readonly string[],
  out: string,
  options: CombineOptions = {},
): Promise<CombinedAdapter> {
  checkOptions(options, { verb: "combine", known });
  checkPath(out, { what: "combine: the folder to write" });
  const { towardsBase: steps = [0], by = "weights", data, threads, provider, signal } = options;
  const weights = checkNumbers(adapters, { ...options, steps, by });
  checkCounts({ threads });
  await checkNewFolder(out);
  const { model, ingredients } = await openAll(adapters, weights, options);
  const dataset = typeof data === "string" ? await readDataset(data, signal ? { signal } : {}) : data;
  await using engine = await openEngine({ provider, threads });
  const make = async (towardsBase: number) =>
    checkFinite(await combineAdapters(ingredients, { by, towardsBase, model, engine }));
  const [first] = ingredients;
  const isMergeable = first === undefined || methodOf(first.item).method.unmergeable === undefined;
  const common = { path: out, weights, by, isMergeable };
  if (!dataset) {
    const [towardsBase = 0] = steps;
    const adapter = await make(towardsBase);
    await writeAdapter(out, adapter);
    return { ...common, method: adapter.method, towardsBase, curve: [] };
  }
  const { onWork: onProgress } = options;
  const images = await chooseValidation(dataset, {
    adapters: ingredients.map(({ item }) => item),
    signal,
    onProgress,
  });
  return await withStore(async (store) => {
    const found: (Validated & { readonly towardsBase: number })[] = [];
    for (const towardsBase of steps) {
      signal?.throwIfAborted();
      const parts = { model, engine, dataset, store, signal, onProgress };
      found.push({ ...(await validate(await make(towardsBase), images, parts)), towardsBase });
    }
    const best = found.toSorted((a, b) => b.top1 - a.top1 || a.loss - b.loss)[0];
    if (!best) throw new Error("internal: nothing was validated.");
    const adapter = withValidation(await make(best.towardsBase), best);
    await writeAdapter(out, adapter);
    const curve = found.map(({ towardsBase, top1, correct, loss, split, labels }): CurvePoint => {
      return { towardsBase, top1, correct, images: labels.length, split, loss };
    });
    return { ...common, method: adapter.method, towardsBase: best.towardsBase, curve };
  });
}

/** Weights that are numbers may still be too large for what they multiply. */
function checkFinite(adapter: Adapter): Adapter {
  for (const [name, { data }] of adapter.tensors)
    if (!data.every(Number.isFinite))
      throw new InputError(
        (show) =>
          `The sum is beyond what float32 can hold, in ${name}. Give smaller numbers as ${show("weights")}.`,
      );
  return adapter;
}

/** The temperature and the accuracy of what was chosen. */
function withValidation(adapter: Adapter, { logits, labels, top1 }: Validated): Adapter {
  return {
    ...adapter,
    ...calibrate({ logits, labels, classes: adapter.labels.length }),
    training: {
      ...adapter.training,
      ...{ validation: "held-out", validationTop1: top1, validationImages: labels.length },
    },
  };
}

const { value: mostAdapters } = limits.MAX_ADAPTERS_AT_ONCE;

interface Numbers extends Pick<CombineOptions, "weights" | "data"> {
  readonly steps: readonly number[];
  readonly by: Combination;
}

/** The weights, given or all alike. */
function checkNumbers(adapters: readonly string[], { weights, steps, by, data }: Numbers): readonly number[] {
  if (!Array.isArray(adapters) || adapters.length === 0)
    throw new InputError(`combine takes the paths of adapters or runs, in a list; got ${shown(adapters)}.`);
  for (const adapter of adapters) checkPath(adapter, { what: "combine: an adapter" });
  if (adapters.length > mostAdapters)
    throw new InputError(
      `combine: ${adapters.length} adapters were given; at most ${mostAdapters} are combined at once.`,
    );
  if (!combinations.includes(by))
    throw new InputError((show) => `${show("by")} must be ${combinations.join(" or ")}, got ${shown(by)}.`);
  const areNumbers = (given: unknown): given is readonly number[] =>
    Array.isArray(given) && given.length > 0 && given.every(Number.isFinite);
  if (!areNumbers(steps) || steps.some((step) => step < 0 || step > 1))
    throw new InputError(
      (show) =>
        `${show("towardsBase")} must be numbers from 0, the adapters, to 1, their base; got ${shown(steps)}.`,
    );
  if (steps.length > 1 && data === undefined)
    throw new InputError(
      (show) =>
        `Of several values of ${show("towardsBase")}, validation images choose one. Name them with ${show("data")}.`,
    );
  if (weights === undefined) return adapters.map(() => 1 / adapters.length);
  if (!areNumbers(weights) || weights.length !== adapters.length)
    throw new InputError(
      (show) =>
        `${show("weights")} must be one number for each of the ${adapters.length} adapters, got ${shown(weights)}.`,
    );
  if (weights.reduce((a, b) => a + b, 0) <= 0)
    throw new InputError(
      (show) => `The sum of ${show("weights")} must be above 0, since heads are averaged by them.`,
    );
  return weights;
}

async function openAll(
  paths: readonly string[],
  weights: readonly number[],
  options: CombineOptions,
): Promise<{ readonly model: Model; readonly ingredients: readonly Ingredient[] }> {
  const opened: { path: string; adapter: Adapter; model: Model }[] = [];
  for (const path of paths) {
    const { adapter, model } = await openModel({ adapter: path, model: options.model }, options);
    if (!adapter) throw new Error("internal: an adapter without an adapter.");
    opened.push({ path, adapter, model });
  }
  const [first] = opened;
  if (!first) throw new Error("internal: nothing was opened.");
  const names = shortNames(paths);
  const ingredients = checkTogether(opened).map((item, at): Ingredient => {
    return { item, weight: weights[at] ?? 0, path: paths[at] ?? "", name: names[at] ?? "" };
  });
  return { model: first.model, ingredients };
}
