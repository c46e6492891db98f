/** Where a step's inputs come from: images made ready as they are needed, or features computed once. */

import { batches } from "../datasets/batches.ts";
import { type CutOptions, cuts } from "../datasets/cuts.ts";
import type { Example } from "../datasets/dataset.ts";
import type { Engine } from "../engine/engine.ts";
import type { ImageStore } from "../images/image-store.ts";
import { constantsOf } from "../model/frozen.ts";
import type { Model } from "../model/model.ts";
import { predictGraph } from "../predict/predict-graph.ts";
import { isRandom } from "../preprocessing/step-kinds.ts";
import { evaluationSteps } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import { randomStream } from "../random.ts";

/** One run of a graph: the first `count` rows are real. */
export interface SourceBatch {
  readonly input: Float32Array;
  readonly labels: Int32Array;
  readonly count: number;
}

export interface ExampleSource {
  /** The graph's input that batches feed. */
  readonly input: "images" | "features";
  /** Batches in the order given; the same epoch and seed augment alike. */
  readonly train: (
    order: readonly number[],
    options: CutOptions & { epoch: number },
  ) => AsyncIterable<SourceBatch>;
  readonly val: (batchSize: number) => AsyncIterable<SourceBatch>;
}

export interface SourceOptions {
  readonly train: readonly Example[];
  readonly val: readonly Example[];
  readonly store: ImageStore;
  /** The training steps, random ones among them. */
  readonly steps: readonly Step[];
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/** Images, augmented anew in each epoch. */
export function imageSource({ train, val, store, steps, seed, signal }: SourceOptions): ExampleSource {
  const common = { store, ...(signal ? { signal } : {}) };
  return {
    input: "images",
    train: (order, { epoch, ...cut }) =>
      named(
        batches(train, {
          ...common,
          ...cut,
          steps,
          order,
          randomFor: (index) => randomStream(seed, "augment", epoch, index).next,
        }),
      ),
    val: (batchSize) => named(batches(val, { ...common, steps: evaluationSteps(steps), batchSize })),
  };
}

/** Whether every epoch sees the same pixels, so that frozen features can be computed once. */
export const isStill = (steps: readonly Step[]): boolean => !steps.some(isRandom);

async function* named(source: ReturnType<typeof batches>): AsyncGenerator<SourceBatch> {
  for await (const { images, labels, count } of source) yield { input: images, labels, count };
}

interface Features {
  /** [examples, D] */
  readonly rows: Float32Array;
  readonly labels: readonly number[];
  readonly width: number;
}

/** Images a run where nothing trains: the same on every machine, so that every machine gets the same bits. */
export const inferenceBatch = 32;

interface FeatureOptions extends SourceOptions {
  readonly model: Model;
  readonly engine: Engine;
  readonly onProgress: (done: number, total: number) => void;
}

/** Features of the frozen backbone, computed by one pass over all images. */
export async function featureSource(options: FeatureOptions): Promise<ExampleSource> {
  const { train, val } = options;
  const { rows, labels, width } = await computeFeatures([...train, ...val], options);
  const cut = (from: number, to: number): Features => ({
    rows: rows.subarray(from * width, to * width),
    labels: labels.slice(from, to),
    width,
  });
  const [trained, validated] = [cut(0, train.length), cut(train.length, labels.length)];
  return {
    input: "features",
    train: (order, { epoch: _, ...cut }) => gather(trained, { order, ...cut }),
    val: (batchSize) => gather(validated, { order: [...val.keys()], batchSize }),
  };
}

async function computeFeatures(
  examples: readonly Example[],
  { model: { config, weights }, engine, store, steps, signal, onProgress }: FeatureOptions,
): Promise<Features> {
  const { width } = config;
  const batchSize = Math.min(inferenceBatch, examples.length);
  const rows = new Float32Array(examples.length * width);
  const session = await engine.compile(
    predictGraph(constantsOf(weights), { config, batchSize, withHead: false }),
  );
  try {
    let done = 0;
    const options = { store, steps, batchSize, ...(signal ? { signal } : {}) };
    for await (const { images, count } of batches(examples, options)) {
      const { feature } = await session.run({ images }, { handOver: ["images"] });
      if (!feature) throw new Error("internal: the graph gave no feature.");
      rows.set(feature.subarray(0, count * width), done * width);
      done += count;
      onProgress(done, examples.length);
    }
  } finally {
    await session.close();
  }
  return { rows, labels: examples.map(({ label }) => label), width };
}

async function* gather(
  { rows, labels, width }: Features,
  { order, ...cut }: CutOptions & { order: readonly number[] },
): AsyncGenerator<SourceBatch, void, void> {
  const { batchSize } = cut;
  for (const range of cuts(order.length, cut)) {
    const indices = order.slice(...range);
    const input = new Float32Array(batchSize * width);
    const batch = new Int32Array(batchSize);
    for (const [row, index] of indices.entries()) {
      input.set(rows.subarray(index * width, (index + 1) * width), row * width);
      batch[row] = labels[index] ?? 0;
    }
    yield { input, labels: batch, count: indices.length };
  }
}
