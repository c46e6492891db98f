/** How fast a training step is on this machine, and how far from the machine's best. */

import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { allTrainables } from "../adapter/head.ts";
import { batchRanges } from "../datasets/batch-ranges.ts";
import type { Engine } from "../engine/engine.ts";
import { type EngineOptions, openEngine } from "../engine/open-engine.ts";
import { InputError } from "../errors.ts";
import { parseBytes } from "../files/parse-bytes.ts";
import { sizeOf } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { matrixFlops } from "../graph/flops.ts";
import { chooseMethod, defaultMethod, type MethodRequest } from "../methods/methods.ts";
import { backboneOf, isVariant, type ModelConfig, variants } from "../model/architectures.ts";
import type { Model } from "../model/model.ts";
import { readModel } from "../model/read-model.ts";
import { constantsOf } from "../model/weight-constants.ts";
import { needed } from "../needed.ts";
import { randomStream } from "../random.ts";
import { planMemory } from "../train/memory-plan.ts";
import { inPrecision, type Precision } from "../train/precision.ts";
import { startState } from "../train/start-state.ts";
import { optimizerStep } from "../train/step.ts";
import { trainGraph } from "../train/train-graph.ts";
import { bestGemm } from "./best-gemm.ts";
import { randomModel } from "./random-model.ts";

export interface MeasureStepOptions extends EngineOptions {
  /** A model, or a size with random weights; vit-b16 where left out. */
  readonly model?: string | undefined;
  /** RLRR where left out. */
  readonly method?: string | MethodRequest | undefined;
  /** Images per step; 8 where left out. */
  readonly batchSize?: number | undefined;
  /** Images per run of the graph; as in training where left out. */
  readonly microBatchSize?: number | undefined;
  /** What large products are computed in; fp32 where left out. */
  readonly precision?: Precision | undefined;
  /** What the process may take at its peak: bytes, or a text such as 4GB. */
  readonly memory?: string | number | undefined;
  /** Rows of the head; 100 where left out. */
  readonly classes?: number | undefined;
  /** Steps to time, after one that is not timed; 5 where left out. */
  readonly steps?: number | undefined;
  /** Where left out, one is opened with `provider` and `threads`. */
  readonly engine?: Engine | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What `rlrr bench step --json` prints. */
export interface StepSpeed {
  readonly type: "bench";
  readonly model: string;
  readonly method: string;
  readonly batchSize: number;
  readonly precision: Precision;
  readonly classes: number;
  /** Trainable parameters. */
  readonly trainable: number;
  /** By the median of the steps. */
  readonly imagesPerSecond: number;
  readonly stepSeconds: readonly number[];
  /** To prepare the graph and run the first step, which is none of `stepSeconds`. */
  readonly firstStepSeconds: number;
  /** In a step's matrix products. */
  readonly gflopsPerSecond: number;
  /** Of the best single product of the MLP's size: what a step could reach at most. */
  readonly gemmGflopsPerSecond: number;
  readonly peakRssBytes: number;
  readonly engine: string;
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
}

interface Settled {
  readonly method: MethodRequest;
  readonly batchSize: number;
  readonly microBatchSize: number | undefined;
  readonly precision: Precision;
  readonly memory: number | undefined;
  readonly classes: number;
  readonly steps: number;
  readonly signal: AbortSignal | undefined;
}

/** Times training steps on noise, with dropout of 0.1. */
export async function measureStep(options: MeasureStepOptions = {}): Promise<StepSpeed> {
  const {
    model: named = "vit-b16",
    method = defaultMethod,
    batchSize = 8,
    precision = "fp32",
    classes = 100,
    steps = 5,
  } = options;
  for (const [name, value] of Object.entries({ batchSize, classes, steps }))
    if (!Number.isSafeInteger(value) || value < 1)
      throw new InputError((show) => `${show(name)} must be at least 1, got ${value}.`);
  const { microBatchSize, provider, threads, signal } = options;
  const chosen = typeof method === "string" ? { name: method } : method;
  const engine = options.engine ?? (await openEngine({ provider, threads }));
  const folder = await mkdtemp(join(tmpdir(), "rlrr-bench-"));
  try {
    const model = isVariant(named)
      ? await randomModel(named, needed(variants[named], `size ${named}`), folder)
      : await readModel(named, signal ? { signal } : {});
    const memory = options.memory === undefined ? undefined : parseBytes(options.memory, "memory");
    const settled = { method: chosen, batchSize, microBatchSize, precision, memory, classes, steps, signal };
    const { seconds, firstStepSeconds, flops, trainable } = await timeSteps(model, engine, settled);
    const gemmGflopsPerSecond = await bestGemm(engine, model.config, precision);
    const step = median(seconds);
    const [cpu] = cpus();
    return {
      ...{ type: "bench", model: named, method: chooseMethod(chosen, "method").choice.name },
      ...{
        batchSize,
        precision,
        classes,
        trainable,
        imagesPerSecond: batchSize / step,
        stepSeconds: seconds,
        firstStepSeconds,
      },
      ...{ gflopsPerSecond: flops / step / 1e9, gemmGflopsPerSecond },
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
      ...{ engine: engine.name, cpu: cpu?.model ?? "unknown", cores: cpus().length, node: process.version },
    };
  } finally {
    if (!options.engine) await engine.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function timeSteps(
  model: Model,
  engine: Engine,
  options: Settled,
): Promise<{ seconds: number[]; firstStepSeconds: number; flops: number; trainable: number }> {
  const opened = performance.now();
  let firstStepSeconds = 0;
  const { batchSize, precision, classes, steps, signal } = options;
  const { adaptation } = chooseMethod(options.method, "method");
  const backbone = backboneOf(model.config);
  const trainables = allTrainables(adaptation, backbone, classes);
  const { microBatchSize: asked = 0 } = options;
  const { microBatchSize, recompute } = planMemory({
    ...{ backbone, trainables, memoryBytes: Number.POSITIVE_INFINITY, memory: options.memory },
    recipe: { batchSize, precision, consistency: 0, microBatchSize: asked },
  });
  if (microBatchSize < 1 || microBatchSize > batchSize)
    throw new InputError(
      (show) =>
        `${show("microBatchSize")} must be from 1 to the batch size ${batchSize}, got ${microBatchSize}.`,
    );
  const parts = { backbone, frozen: constantsOf(model.weights), adaptation, trainables, classes };
  const drop = { rate: 0.1, kind: "element" } as const;
  const { graph, random } = trainGraph({ ...parts, batchSize: microBatchSize, drop, recompute });
  const session = await engine.compile(await inPrecision(graph, { precision, engine }));
  const state = await startState(trainables, { weights: model.weights, seed: 1, readWeight });
  const context = {
    session,
    random,
    trainables,
    classes,
    microBatchSize,
    input: "images",
    labelSmoothing: 0,
    clipNorm: 0,
    weightDecay: 1e-4,
    emaDecay: 0,
    seed: 1,
  } as const;
  const seconds: number[] = [];
  for (let step = 0; step <= steps; step++) {
    signal?.throwIfAborted();
    const batches = batchRanges(batchSize, { batchSize: microBatchSize }).map(([from, to]) => ({
      ...noiseBatch(model.config, microBatchSize, classes),
      count: to - from,
    }));
    const began = performance.now();
    await optimizerStep(context, batches, { state, step: step + 1, learningRate: 1e-3 });
    if (step > 0) seconds.push((performance.now() - began) / 1000);
    else firstStepSeconds = (performance.now() - opened) / 1000;
  }
  const flops = matrixFlops(graph) * Math.ceil(batchSize / microBatchSize);
  await session.close();
  return {
    seconds,
    firstStepSeconds,
    flops,
    trainable: trainables.reduce((total, { shape }) => total + sizeOf(shape), 0),
  };
}

function noiseBatch({ imageSize: [height, width] }: ModelConfig, rows: number, classes: number) {
  const numbers = new Float32Array(rows * 3 * height * width);
  randomStream(1, "images").fillUniform(numbers, { low: -1, high: 1 });
  return { numbers, labels: Int32Array.from({ length: rows }, (_, row) => row % classes) };
}

/** The middle of the sorted numbers, or the mean of the two there. */
function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, number) => sum + number, 0) / middle.length;
}
