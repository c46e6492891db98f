/** What adapted features still tell of another set of images: by a linear probe, and by the base's own head. */

import type { Dataset, Example } from "../datasets/dataset.ts";
import { splitTrainValidation } from "../datasets/split-train-validation.ts";
import type { Engine } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import type { Kept, Measured } from "../reports/analysis.ts";
import type { EvaluatedSplit } from "../reports/evaluation.ts";
import type { FeatureSet } from "../train/features.ts";
import { type Head, scoreHead } from "../train/heads.ts";
import { fitProbe, someFeatures } from "../train/probe.ts";
import type { FeatureSource } from "./collect-features.ts";
import type { FeatureReader } from "./feature-reader.ts";
import { evenly } from "./measure-task.ts";
import type { OpenedAdapter } from "./open-adapters.ts";

export interface KeptOptions {
  readonly reader: FeatureReader;
  readonly engine: Engine;
  readonly images: number;
  readonly signal?: AbortSignal | undefined;
}

export interface MeasuredKept {
  /** On the base, preprocessed as for the first adapter. */
  readonly base: Kept;
  readonly adapters: readonly Kept[];
  readonly notes: readonly string[];
}

interface RetainSet {
  /** Those for training, then those that test. */
  readonly all: readonly Example[];
  readonly trainImages: number;
  readonly split: EvaluatedSplit;
  readonly dataset: Dataset;
}

/** One probe for the base, whose penalty and head are then held beside those of each adapter. */
export async function measureKept(
  opened: readonly OpenedAdapter[],
  data: Dataset,
  options: KeptOptions,
): Promise<MeasuredKept> {
  const { set, notes } = await chooseSet(data, options);
  const [first] = opened;
  if (!first) throw new Error("internal: nothing to measure.");
  let base: (Kept & { readonly head: Head }) | undefined;
  const adapters: Kept[] = [];
  for (const one of opened) {
    const { adapter } = one;
    const source = { ...one, config: adapter.config, steps: adapter.preprocessing };
    if (!base) base = await measureOne({ ...source, adapter: undefined }, { set, options });
    const { head: _, ...kept } = await measureOne(source, { set, options, baseHead: base.head });
    adapters.push(kept);
  }
  if (!base) throw new Error("internal: nothing was measured.");
  const { head: _, ...kept } = base;
  return { base: kept, adapters, notes };
}

/** Test images, else validation images, else some of the training images. */
async function chooseSet(
  data: Dataset,
  { images, signal }: KeptOptions,
): Promise<{ set: RetainSet; notes: readonly string[] }> {
  const held = (["test", "val"] as const).find((name) => data.splits[name].length > 0);
  const dataset = held ? data : await splitTrainValidation(data, { seed: 1, ...(signal && { signal }) });
  const [train, test] = [dataset.splits.train, dataset.splits[held ?? "val"]];
  if (train.length === 0 || test.length === 0)
    throw new InputError(
      (show) =>
        `${data.root}: ${show("retain")} needs images to fit a probe to and others to test it on; it has ${train.length} training images and ${test.length} others.`,
    );
  const [fitting, testing] = [evenly(train, images), evenly(test, images)];
  const set: RetainSet = {
    ...{ all: [...fitting, ...testing], trainImages: fitting.length, dataset },
    split: held ?? "held-out",
  };
  const notes = [
    ...(held ? [] : [`${data.root} gives no split; a fifth of its images, chosen by seed, test the probe.`]),
    ...(fitting.length < train.length || testing.length < test.length
      ? [
          `Of ${data.root}, ${fitting.length} training and ${testing.length} ${set.split} images are taken, evenly.`,
        ]
      : []),
  ];
  return { set, notes };
}

interface One {
  readonly set: RetainSet;
  readonly options: KeptOptions;
  /** Absent for the base itself. */
  readonly baseHead?: Head;
}

async function measureOne(
  source: FeatureSource,
  { set, options: { reader, engine, signal }, baseHead }: One,
): Promise<Kept & { readonly head: Head }> {
  const { all, trainImages, split, dataset } = set;
  const { feature } = await reader.read(all, source);
  const features = { rows: Float32Array.from(feature.data), labels: all.map(({ label }) => label) };
  const [known, held] = [
    someFeatures(features, (at) => at < trainImages),
    someFeatures(features, (at) => at >= trainImages),
  ];
  const classes = dataset.classes.length;
  const head = await fitHead(known, { classes, engine, signal });
  const measure = (one: Head, on: FeatureSet, classes: number): Measured => {
    const { top1 } = scoreHead(one, on, classes);
    const images = on.labels.length;
    return { top1, correct: Math.round((top1 * images) / 100), images, split };
  };
  const own = await ownHead(source, { held, dataset });
  return {
    head,
    probe: measure(head, held, classes),
    baseProbe: measure(baseHead ?? head, held, classes),
    ...(own && { ownHead: measure(own.head, own.set, own.classes) }),
    trainImages,
  };
}

/** Every fifth training image chooses the penalty. */
async function fitHead(
  train: FeatureSet,
  options: { readonly classes: number; readonly engine: Engine; readonly signal: AbortSignal | undefined },
): Promise<Head> {
  const part = (isHeld: boolean) => someFeatures(train, (at) => (at % 5 === 4) === isHeld);
  const [fitted, held] = [part(false), part(true)];
  return (await fitProbe(fitted, held.labels.length > 0 ? held : undefined, options)).head;
}

/** The base's head, with the labels as its rows; nothing where it lacks a class of the data, or has no head. */
async function ownHead(
  { model: { weights, labels, config } }: FeatureSource,
  { held, dataset }: { readonly held: FeatureSet; readonly dataset: Dataset },
): Promise<{ head: Head; set: FeatureSet; classes: number } | undefined> {
  const [weight, bias] = [weights.get("head.weight"), weights.get("head.bias")];
  const rows = dataset.classes.map((name) => labels.indexOf(name));
  if (!weight || !bias || rows.includes(-1)) return undefined;
  const head = new Map([
    ["head.weight", await readWeight(weight)],
    ["head.bias", await readWeight(bias)],
  ]);
  return {
    head,
    set: { rows: held.rows, labels: held.labels.map((label) => rows[label] as number) },
    classes: config.classes,
  };
}
