/** One optimizer step: as many runs of the graph as its images need, gradients added up, clipped, and AdamW. */

import type { Arrays, Session } from "../engine/engine.ts";
import type { Trainable } from "../methods/method.ts";
import { randomStream } from "../random.ts";
import { adamwStep, clipFactor, type OptimizerState } from "./adamw.ts";
import { moveAverage } from "./average.ts";
import type { ExampleBatch } from "./examples.ts";
import { type MixOptions, mixImages, sampleMix } from "./mix.ts";
import { fillRandomInputs } from "./random-inputs.ts";
import { type TargetOptions, targetsFor } from "./targets.ts";
import { gradientName, type TrainGraph } from "./train-graph.ts";

/** What is the same for all steps. */
export interface StepContext {
  readonly session: Session;
  readonly random: TrainGraph["random"];
  /** The graph's input that batches feed. */
  readonly input: "images" | "lower" | "features";
  readonly trainables: readonly Trainable[];
  readonly classes: number;
  readonly microBatchSize: number;
  readonly labelSmoothing: number;
  readonly classWeights?: readonly number[] | undefined;
  /** Where images of a step are mixed. */
  readonly mixing?: MixOptions | undefined;
  readonly clipNorm: number;
  readonly weightDecay: number;
  /** Of the running average of the parameters; 0 keeps none. */
  readonly emaDecay: number;
  readonly seed: number;
}

export interface StepResult {
  readonly loss: number;
  /** Images whose highest logit was their label's. */
  readonly correct: number;
  readonly gradientNorm: number;
  /** False where the loss or a gradient was NaN or infinite: then nothing was changed. */
  readonly finite: boolean;
}

/** Runs the step's micro-batches, sums their gradients, then updates `state`. `step` counts from 1. Mixes images in place. */
export async function optimizerStep(
  context: StepContext,
  parts: readonly ExampleBatch[],
  { state, step, learningRate }: { state: OptimizerState; step: number; learningRate: number },
): Promise<StepResult> {
  const labels = parts.flatMap(({ labels, count }) => [...labels.subarray(0, count)]);
  const total = labels.reduce((sum, label) => sum + (context.classWeights?.[label] ?? 1), 0);
  const share = mixStep(context, parts, step);
  const gradients = new Map<string, Float32Array>();
  let [loss, correct] = [0, 0];
  let seen = 0;
  for (const [index, part] of parts.entries()) {
    seen += part.count;
    // The partner of a step's image at i stands at the same distance from its end.
    const partners = labels.slice(labels.length - seen, labels.length - seen + part.count).reverse();
    const mixed = share === undefined ? undefined : { partners: Int32Array.from(partners), share };
    const outputs = await run(context, part, { state, total, mixed, place: [step, index] });
    loss += outputs.loss?.[0] ?? Number.NaN;
    correct += countCorrect(outputs.logits ?? new Float32Array(), part, context.classes);
    for (const { name } of context.trainables) addUp(gradients, name, outputs[gradientName(name)]);
  }
  const { norm, factor } = clipFactor(gradients.values(), context.clipNorm);
  const finite = Number.isFinite(loss) && Number.isFinite(norm);
  const { trainables, weightDecay } = context;
  const gradientOf = (name: string): Float32Array => gradients.get(name) ?? new Float32Array();
  if (factor !== 1) for (const gradient of gradients.values()) scale(gradient, factor);
  if (finite) {
    adamwStep(trainables, state, gradientOf, { learningRate, weightDecay, step });
    moveAverage(state, context.emaDecay);
  }
  return { loss, correct, gradientNorm: norm, finite };
}

/** Mixes the step's images; an image's share of its own target, where they are mixed. */
function mixStep(
  { mixing, seed }: StepContext,
  parts: readonly ExampleBatch[],
  step: number,
): number | undefined {
  const mix = mixing && sampleMix(mixing, randomStream(seed, "mix", step));
  if (!mix) return undefined;
  mixImages(parts, mix, mixing);
  return mix.share;
}

interface Run {
  readonly state: OptimizerState;
  readonly total: number;
  readonly mixed: TargetOptions["mixed"];
  readonly place: readonly number[];
}

async function run(
  context: StepContext,
  part: ExampleBatch,
  { state, total, mixed, place }: Run,
): Promise<Arrays> {
  const { session, input, classes, microBatchSize: rows, labelSmoothing, classWeights } = context;
  const labels = part.labels.subarray(0, part.count);
  const buffer = (name: string) => session.buffer(name);
  const random = fillRandomInputs(context.random, { seed: context.seed, place, buffer });
  const trained = Object.fromEntries([...state].map(([name, { parameter }]) => [name, parameter]));
  const targets = targetsFor(labels, { classes, labelSmoothing, classWeights, total, rows, mixed });
  return session.run({ ...trained, ...random, targets, [input]: part.numbers });
}

function addUp(sums: Map<string, Float32Array>, name: string, gradient: Float32Array | undefined): void {
  if (!gradient) throw new Error(`internal: the graph gave no gradient for "${name}".`);
  const sum = sums.get(name);
  if (!sum) sums.set(name, gradient);
  else for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (gradient[i] as number);
}

function scale(numbers: Float32Array, factor: number): void {
  for (let i = 0; i < numbers.length; i++) numbers[i] = (numbers[i] as number) * factor;
}

/** How many rows have their highest logit at their label. */
export function countCorrect(
  logits: Float32Array,
  { labels, count }: Pick<ExampleBatch, "labels" | "count">,
  classes: number,
): number {
  let correct = 0;
  for (let row = 0; row < count; row++) {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    // NaN is never the highest.
    let [highest, best] = [Number.NEGATIVE_INFINITY, -1];
    for (const [index, score] of scores.entries()) if (score > highest) [highest, best] = [score, index];
    if (best === labels[row]) correct++;
  }
  return correct;
}
