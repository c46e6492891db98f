/** rlrr bench: how fast a training step is here, and how far from the machine's best. */

import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { Command, Option } from "commander";
import { allTrainables } from "../adapter/head.ts";
import { cuts } from "../datasets/cuts.ts";
import type { Engine } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import { readSafetensors, writeSafetensors } from "../formats/safetensors.ts";
import { sizeOf, type Weight } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { matrixFlops } from "../graph/flops.ts";
import { gemm, sum } from "../graph/ops.ts";
import { input, type Value } from "../graph/value.ts";
import { chooseMethod, methods } from "../methods/methods.ts";
import { backboneOf } from "../model/architectures.ts";
import { constantsOf } from "../model/frozen.ts";
import type { Model, VitConfig } from "../model/model.ts";
import { readModel } from "../model/read-model.ts";
import { isVariant, variants } from "../model/variants.ts";
import { randomStream } from "../random.ts";
import { microBatchFor } from "../train/micro-batch.ts";
import { startState } from "../train/start-state.ts";
import { optimizerStep } from "../train/step.ts";
import { trainGraph } from "../train/train-graph.ts";
import { type EngineFlags, engineOptions, openChosenEngine } from "./engine-options.ts";
import { interruption } from "./exit.ts";
import { jsonOption, modelOption, wholeNumber, withOptions } from "./options.ts";
import { print, say } from "./output.ts";

export const benchCommand = (): Command =>
  new Command("bench").description("measure speed and memory on this machine").addCommand(
    withOptions(new Command("step").description("one training step: forward, loss, backward, optimizer"), [
      modelOption(`a model, or a size with drawn weights: ${Object.keys(variants).join(", ")}`).default(
        "vit-b16",
      ),
      new Option("--batch-size <n>", "images a step").argParser(wholeNumber).default(8),
      new Option("--micro-batch-size <n>", "images a run of the graph (default: as in training)").argParser(
        wholeNumber,
      ),
      new Option("--classes <n>", "rows of the head").argParser(wholeNumber).default(100),
      new Option("--steps <n>", "steps to time, after one that is not timed")
        .argParser(wholeNumber)
        .default(5),
      new Option("--method <name>", "what trains").choices(methods.map(({ name }) => name)).default("rlrr"),
      ...engineOptions(),
      jsonOption(),
    ])
      .addHelpText(
        "after",
        "\nImages are noise and dropout is 0.1, as in bench/peers/official_step.py, which times the official code.",
      )
      .action(benchStep),
  );

interface Flags extends EngineFlags {
  readonly model: string;
  readonly batchSize: number;
  readonly microBatchSize?: number;
  readonly classes: number;
  readonly steps: number;
  readonly method: string;
  readonly json?: boolean;
}

async function benchStep(flags: Flags): Promise<void> {
  for (const name of ["batchSize", "classes", "steps"] as const)
    if (flags[name] < 1)
      throw new InputError(`--${name.replace("S", "-s")} must be at least 1, got ${flags[name]}.`);
  const engine = await openChosenEngine(flags);
  const folder = await mkdtemp(join(tmpdir(), "rlrr-bench-"));
  try {
    const model = isVariant(flags.model)
      ? await drawnModel(flags.model, folder)
      : await readModel(flags.model, { signal: interruption });
    const { seconds, flops, trainable } = await timeSteps(model, engine, flags);
    const gemmGflopsPerSecond = await bestGemm(engine, model.config);
    const step = median(seconds);
    const result = {
      type: "bench",
      ...{
        model: flags.model,
        method: flags.method,
        batchSize: flags.batchSize,
        classes: flags.classes,
        trainable,
      },
      imagesPerSecond: flags.batchSize / step,
      stepSeconds: seconds,
      gflopsPerSecond: flops / step / 1e9,
      gemmGflopsPerSecond,
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
      ...{
        engine: engine.name,
        cpu: cpus()[0]?.model ?? "unknown",
        cores: cpus().length,
        node: process.version,
      },
    };
    await (flags.json ? print(`${JSON.stringify(result)}\n`) : say(render(result)));
  } finally {
    await engine.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A file of drawn weights, so that they are mapped from disk as a real model's are. */
async function drawnModel(name: keyof typeof variants, folder: string): Promise<Model> {
  const config: VitConfig = variants[name];
  const shapes = backboneOf(config).shapes;
  const largest = Math.max(...[...shapes.values()].map(sizeOf));
  const noise = randomStream(1, "bench").fillUniform(new Float32Array(largest), { low: -0.03, high: 0.03 });
  const path = join(folder, "model.safetensors");
  const drawn = [...shapes].map(([key, shape]): [string, Weight] => [
    key,
    { shape, data: noise.subarray(0, sizeOf(shape)) },
  ]);
  await writeSafetensors(path, new Map(drawn));
  const file = await readSafetensors(path);
  const stored = [...file.tensors].map(([key, { shape, offset }]): [string, Weight] => [
    key,
    { shape, offset, path: file.path },
  ]);
  return { id: name, config, weights: new Map(stored), labels: [], notes: [] };
}

async function timeSteps(
  model: Model,
  engine: Engine,
  flags: Flags,
): Promise<{ seconds: number[]; flops: number; trainable: number }> {
  const { batchSize, classes } = flags;
  const { adaptation } = chooseMethod({ name: flags.method }, "--method");
  const backbone = backboneOf(model.config);
  const trainables = allTrainables(adaptation, backbone, classes);
  const microBatchSize =
    flags.microBatchSize ?? microBatchFor(backbone, { batchSize, memoryBytes: Number.POSITIVE_INFINITY });
  if (microBatchSize < 1 || microBatchSize > batchSize)
    throw new InputError(
      `--micro-batch-size must be from 1 to the batch size ${batchSize}, got ${microBatchSize}.`,
    );
  const parts = { backbone, frozen: constantsOf(model.weights), adaptation, trainables, classes };
  const drop = { rate: 0.1, kind: "element" } as const;
  const { graph, random } = trainGraph({ ...parts, batchSize: microBatchSize, drop });
  const session = await engine.compile(graph);
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
    seed: 1,
  } as const;
  const seconds: number[] = [];
  for (let step = 0; step <= flags.steps; step++) {
    interruption.throwIfAborted();
    const batches = cuts(batchSize, { batchSize: microBatchSize }).map(([from, to]) => ({
      ...noiseBatch(model.config, microBatchSize, classes),
      count: to - from,
    }));
    const began = performance.now();
    await optimizerStep(context, batches, { state, step: step + 1, learningRate: 1e-3 });
    if (step > 0) seconds.push((performance.now() - began) / 1000);
  }
  const flops = matrixFlops(graph) * Math.ceil(batchSize / microBatchSize);
  await session.close();
  return { seconds, flops, trainable: trainables.reduce((total, { shape }) => total + sizeOf(shape), 0) };
}

function noiseBatch({ imageSize: [height, width] }: VitConfig, rows: number, classes: number) {
  const numbers = new Float32Array(rows * 3 * height * width);
  randomStream(1, "images").fillUniform(numbers, { low: -1, high: 1 });
  return { numbers, labels: Int32Array.from({ length: rows }, (_, row) => row % classes) };
}

/** The best rate of products of the MLP's size with nothing between them: what a step could reach at most. */
async function bestGemm(engine: Engine, { width, mlpWidth }: VitConfig): Promise<number> {
  const rows = 1576;
  const weight = input("w", [mlpWidth, width]);
  let y: Value = input("x", [rows, width]);
  // There and back again, eight times: feeding the inputs then costs next to nothing.
  for (let round = 0; round < 8; round++) y = gemm(gemm(y, weight, { transB: true }), weight);
  const graph = { outputs: { y: sum(y, [0, 1]) } };
  const session = await engine.compile(graph);
  const feeds = {
    x: new Float32Array(rows * width).fill(1e-3),
    w: new Float32Array(mlpWidth * width).fill(1e-3),
  };
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 4; round++) {
    const began = performance.now();
    await session.run(feeds);
    best = Math.min(best, performance.now() - began);
  }
  await session.close();
  return matrixFlops(graph) / best / 1e6;
}

const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

interface Result {
  readonly model: string;
  readonly batchSize: number;
  readonly imagesPerSecond: number;
  readonly gflopsPerSecond: number;
  readonly gemmGflopsPerSecond: number;
  readonly peakRssBytes: number;
}

const render = (
  result: Result,
): string => `${result.model}, batch ${result.batchSize}: ${result.imagesPerSecond.toFixed(2)} images/s
${result.gflopsPerSecond.toFixed(0)} GFLOP/s in a step's matrix products; the best single product reached ${result.gemmGflopsPerSecond.toFixed(0)}
${(result.peakRssBytes / 2 ** 20).toFixed(0)} MiB at the peak`;
