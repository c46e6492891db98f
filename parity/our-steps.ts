/** Takes the steps that `official_steps.py` took, from its start on its batches, and says how far the two are apart. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Adapter } from "../src/adapter/adapter.ts";
import { allTrainables } from "../src/adapter/head.ts";
import { mergeAdapter } from "../src/adapter/merge.ts";
import type { Arrays, Engine } from "../src/engine/engine.ts";
import { readSafetensors, readTensor } from "../src/formats/safetensors.ts";
import type { Tensor } from "../src/formats/tensor.ts";
import { chooseMethod } from "../src/methods/methods.ts";
import { backboneOf } from "../src/model/architectures.ts";
import type { Model } from "../src/model/model.ts";
import { readModel } from "../src/model/read-model.ts";
import { constantsOf } from "../src/model/weight-constants.ts";
import { classifierGraph } from "../src/predict/classifier.ts";
import { byteTable, normaliseInto } from "../src/preprocessing/normalise.ts";
import type { Moments, OptimizerState } from "../src/train/adamw.ts";
import type { ExampleBatch } from "../src/train/examples.ts";
import { optimizerStep, type StepContext } from "../src/train/step.ts";
import { targetsFor } from "../src/train/targets.ts";
import { gradientName, trainGraph } from "../src/train/train-graph.ts";
import { cosine, type GradientDistance, gradientDistances, relativeDistance } from "./differences.ts";

const factsSchema = z.object({
  ...{ madeBy: z.string(), weights: z.string(), imageSize: z.int(), batchSize: z.int(), classes: z.int() },
  ...{ learningRate: z.number(), weightDecay: z.number(), firstLoss: z.number() },
  ...{ labels: z.array(z.int()), decayed: z.array(z.string()), losses: z.array(z.number()) },
});
type Facts = z.output<typeof factsSchema>;

export interface Parity {
  readonly official: string;
  readonly steps: number;
  readonly batchSize: number;
  readonly trainables: number;
  /** Whether weight decay pulls on the same tensors. */
  readonly sameDecay: boolean;
  /** Of the first step: against the official code in float64. */
  readonly logits: number;
  readonly loss: number;
  readonly gradients: readonly GradientDistance[];
  /** The largest of all steps, over the official loss. */
  readonly losses: number;
  readonly lastLoss: { readonly official: number; readonly ours: number };
  /** Between the logits of the official model after the last step and those of our merged one. */
  readonly mergedCosine: number;
}

/** Everything of a folder that `official_steps.py` wrote. */
interface Given {
  readonly facts: Facts;
  readonly images: Uint8Array;
  readonly start: ReadonlyMap<string, Tensor>;
  readonly gradients: ReadonlyMap<string, Tensor>;
  readonly logits: ReadonlyMap<string, Tensor>;
}

async function readGiven(folder: string): Promise<Given> {
  const tensors = async (name: string) => {
    const file = await readSafetensors(join(folder, name));
    const read = [...file.tensors.keys()].map(async (key) => [key, await readTensor(file, key)] as const);
    return new Map(await Promise.all(read));
  };
  return {
    facts: factsSchema.parse(JSON.parse(await readFile(join(folder, "steps.json"), "utf8"))),
    images: await readFile(join(folder, "images.bin")),
    start: await tensors("start.safetensors"),
    gradients: await tensors("gradients.safetensors"),
    logits: await tensors("logits.safetensors"),
  };
}

const steps = [["normalize", { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }]] as const;

/** The images of a step, in order, from the first again after the last. */
function batchOf({ facts, images }: Given, step: number): ExampleBatch {
  const { imageSize: side, batchSize, labels } = facts;
  const [table, size] = [byteTable(steps), 3 * side * side];
  const numbers = new Float32Array(batchSize * size);
  const classes = new Int32Array(batchSize);
  for (let row = 0; row < batchSize; row++) {
    const index = (step * batchSize + row) % labels.length;
    const pixels = images.slice(index * size, (index + 1) * size);
    normaliseInto(numbers, { width: side, height: side, pixels }, { table, offset: row * size });
    classes[row] = labels[index] as number;
  }
  return { numbers, labels: classes, count: batchSize };
}

/** The same steps by rlrr. */
export async function takeSteps(
  folder: string,
  { engine, onStep }: { readonly engine: Engine; readonly onStep: (step: number, loss: number) => void },
): Promise<Parity> {
  const given = await readGiven(folder);
  const { facts, start } = given;
  const model = await readModel(facts.weights, { imageSize: facts.imageSize });
  const { adaptation, choice } = chooseMethod({ name: "rlrr", options: {} }, "method");
  const backbone = backboneOf(model.config);
  const trainables = allTrainables(adaptation, backbone, facts.classes);
  const { batchSize, classes, learningRate, weightDecay } = facts;
  const drop = { rate: 0, kind: "element" } as const;
  const frozen = constantsOf(model.weights);
  const parts = { backbone, frozen, adaptation, trainables, classes, batchSize, drop };
  const { graph, random } = trainGraph(parts);
  const session = await engine.compile(graph);
  const state = stateFrom(start);
  const labelSmoothing = 0;
  const first = await session.run({
    ...Object.fromEntries([...state].map(([name, { parameter }]) => [name, parameter])),
    images: batchOf(given, 0).numbers,
    targets: targetsFor(batchOf(given, 0).labels, {
      ...{ classes, labelSmoothing, total: batchSize, rows: batchSize },
    }),
  });
  const context: StepContext = {
    ...{ session, random, input: "images", trainables, classes, microBatchSize: batchSize },
    ...{ labelSmoothing, clipNorm: 0, weightDecay, emaDecay: 0, seed: 0 },
  };
  const losses: number[] = [];
  for (const step of facts.losses.keys()) {
    const place = { state, step: step + 1, learningRate };
    losses.push((await optimizerStep(context, [batchOf(given, step)], place)).loss);
    onStep(step + 1, losses.at(-1) as number);
  }
  await session.close();
  const tensors = new Map(
    trainables.map(({ name, shape }) => [name, { shape, data: (state.get(name) as Moments).parameter }]),
  );
  const merged = await mergedLogits({ model, given, engine }, { method: choice, tensors });
  return compare({ given, decayed: decayedOf(trainables), first, losses, merged });
}

const stateFrom = (start: ReadonlyMap<string, Tensor>): OptimizerState =>
  new Map(
    [...start].map(([name, { data }]) => {
      const [first, second] = [new Float32Array(data.length), new Float32Array(data.length)];
      return [name, { parameter: data.slice(), first, second }];
    }),
  );

const decayedOf = (trainables: readonly { readonly name: string; readonly decay: boolean }[]) =>
  trainables.flatMap(({ name, decay }) => (decay ? [name] : []));

/** What the plain model says of the first batch, its weights being base and adapter merged. */
async function mergedLogits(
  { model, given, engine }: { readonly model: Model; readonly given: Given; readonly engine: Engine },
  trained: Pick<Adapter, "method" | "tensors">,
): Promise<Float32Array> {
  const { facts } = given;
  const labels = Array.from({ length: facts.classes }, (_, index) => String(index));
  const adapter: Adapter = {
    ...{ ...trained, labels, config: model.config, training: {}, preprocessing: [] },
    base: { id: model.id, sha256: "" },
  };
  const weights = await mergeAdapter(model, adapter, engine);
  const config = { ...model.config, classes: facts.classes };
  const plain: Model = { ...model, config, labels, weights };
  const session = await engine.compile(classifierGraph({ model: plain, batchSize: facts.batchSize }));
  const { logits = new Float32Array() } = await session.run({ images: batchOf(given, 0).numbers });
  await session.close();
  return logits;
}

interface Compared {
  readonly given: Given;
  readonly decayed: readonly string[];
  readonly first: Arrays;
  readonly losses: readonly number[];
  readonly merged: Float32Array;
}

function compare({ given: { facts, gradients, logits }, decayed, first, losses, merged }: Compared): Parity {
  const expected = (name: string) => logits.get(name)?.data ?? new Float32Array();
  const apart = losses.map((loss, step) => {
    const official = facts.losses[step] as number;
    return Math.abs(loss - official) / Math.abs(official);
  });
  return {
    ...{ official: facts.madeBy, steps: losses.length, batchSize: facts.batchSize },
    ...{ trainables: gradients.size, sameDecay: sameNames(decayed, facts.decayed) },
    logits: relativeDistance(first.logits ?? new Float32Array(), expected("before")),
    loss: Math.abs((first.loss?.[0] ?? Number.NaN) - facts.firstLoss) / facts.firstLoss,
    gradients: gradientDistances(gradients, (name) => first[gradientName(name)]),
    losses: Math.max(...apart),
    lastLoss: { official: facts.losses.at(-1) ?? Number.NaN, ours: losses.at(-1) ?? Number.NaN },
    mergedCosine: cosine(merged, expected("after")),
  };
}

const sameNames = (a: readonly string[], b: readonly string[]): boolean =>
  [...a].sort().join() === [...b].sort().join();
