/** One optimizer step: as many runs of the graph as its images need, gradients added up, clipped, and AdamW. */

import type { Arrays, Session } from "../engine/engine.ts";
import type { Trainable } from "../methods/method.ts";
import { adamwStep, clipFactor, type OptimizerState } from "./adamw.ts";
import { drawMasks } from "./dropout.ts";
import type { ExampleSource, SourceBatch } from "./example-source.ts";
import { targetsFor } from "./targets.ts";
import { gradientName, type TrainGraph } from "./train-graph.ts";

/** What stays the same from step to step. */
export interface StepContext {
  readonly session: Session;
  readonly masks: TrainGraph["masks"];
  readonly input: ExampleSource["input"];
  readonly trainables: readonly Trainable[];
  readonly classes: number;
  readonly microBatchSize: number;
  readonly labelSmoothing: number;
  readonly classWeights?: readonly number[] | undefined;
  readonly clipNorm: number;
  readonly weightDecay: number;
  readonly seed: number;
}

export interface StepResult {
  readonly loss: number;
  /** Images whose highest logit was their label's. */
  readonly correct: number;
  readonly gradientNorm: number;
  /** False where loss or gradients were not numbers: then nothing was changed. */
  readonly finite: boolean;
}

/** Runs and adds up the step's micro-batches, then updates `state`. `step` counts from 1. */
export async function optimizerStep(
  context: StepContext,
  parts: readonly SourceBatch[],
  { state, step, learningRate }: { state: OptimizerState; step: number; learningRate: number },
): Promise<StepResult> {
  const labels = parts.flatMap(({ labels, count }) => [...labels.subarray(0, count)]);
  const total = labels.reduce((sum, label) => sum + (context.classWeights?.[label] ?? 1), 0);
  const gradients = new Map<string, Float32Array>();
  let [loss, correct] = [0, 0];
  for (const [index, part] of parts.entries()) {
    const outputs = await run(context, part, { state, total, place: [step, index] });
    loss += outputs.loss?.[0] ?? Number.NaN;
    correct += countCorrect(outputs.logits, part, context.classes);
    for (const { name } of context.trainables) addUp(gradients, name, outputs[gradientName(name)]);
  }
  const { norm, factor } = clipFactor(gradients.values(), context.clipNorm);
  const finite = Number.isFinite(loss) && Number.isFinite(norm);
  const { trainables, weightDecay } = context;
  const gradientOf = (name: string): Float32Array => gradients.get(name) ?? new Float32Array();
  if (factor !== 1) for (const gradient of gradients.values()) scale(gradient, factor);
  if (finite) adamwStep(trainables, state, gradientOf, { learningRate, weightDecay, step });
  return { loss, correct, gradientNorm: norm, finite };
}

async function run(
  { session, masks, input, classes, microBatchSize, labelSmoothing, classWeights, seed }: StepContext,
  part: SourceBatch,
  { state, total, place }: { state: OptimizerState; total: number; place: readonly number[] },
): Promise<Arrays> {
  const labels = part.labels.subarray(0, part.count);
  const drawn = drawMasks(masks, { seed, place, buffer: (name) => session.buffer(name) });
  const trained = Object.fromEntries([...state].map(([name, { parameter }]) => [name, parameter]));
  const targets = targetsFor(labels, { classes, labelSmoothing, classWeights, total, rows: microBatchSize });
  const feeds = { ...trained, ...drawn, targets, [input]: part.input };
  return session.run(feeds);
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
  logits: Float32Array | undefined,
  { labels, count }: Pick<SourceBatch, "labels" | "count">,
  classes: number,
): number {
  let correct = 0;
  for (let row = 0; row < count; row++) {
    const scores = logits?.subarray(row * classes, (row + 1) * classes) ?? new Float32Array();
    // What is not a number is never the highest.
    let [highest, best] = [Number.NEGATIVE_INFINITY, -1];
    for (const [index, score] of scores.entries()) if (score > highest) [highest, best] = [score, index];
    if (best === labels[row]) correct++;
  }
  return correct;
}
