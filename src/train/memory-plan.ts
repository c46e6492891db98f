/** The micro-batch of training, and whether the graph keeps what blocks compute, within a limit of memory. */

import { InputError } from "../errors.ts";
import { showBytes } from "../files/parse-bytes.ts";
import { sizeOf } from "../formats/tensor.ts";
import type { Trainable } from "../methods/method.ts";
import type { Backbone } from "../model/backbone.ts";
import { microBatchFor } from "./micro-batch.ts";
import type { Recipe } from "./recipe.ts";

/** How a step runs. */
export interface StepMemory {
  /** Images per run of the graph. */
  readonly microBatchSize: number;
  /** Whether blocks are computed again for their gradients. */
  readonly recompute: boolean;
}

export interface MemoryOptions {
  readonly backbone: Pick<Backbone, "tokens" | "activationBytes" | "blocks" | "shapes">;
  readonly trainables: readonly Trainable[];
  readonly recipe: Pick<Recipe, "batchSize" | "microBatchSize" | "consistency" | "precision">;
  /** What the machine has. */
  readonly memoryBytes: number;
  /** What the process may take at its peak; without it nothing is recomputed. */
  readonly memory?: number | undefined;
  /** Settled before, by the run that is continued. */
  readonly recompute?: boolean | undefined;
}

/** The fastest way that fits `memory`; where none does, an error that says what would. */
export function planMemory(options: MemoryOptions): StepMemory {
  const { backbone, recipe, memory, memoryBytes, recompute } = options;
  const { batchSize, microBatchSize, consistency } = recipe;
  const passes = consistency > 0 ? 2 : 1;
  const usual = microBatchFor(backbone, { batchSize, memoryBytes, passes });
  if (memory === undefined) return { microBatchSize: microBatchSize || usual, recompute: recompute ?? false };
  const sizes = microBatchSize > 0 ? [microBatchSize] : sizesUpTo(usual, batchSize);
  const ways = sizes
    .flatMap((size) => [false, true].map((again) => ({ microBatchSize: size, recompute: again })))
    .filter((way) => recompute === undefined || way.recompute === recompute)
    .toSorted((a, b) => costOf(a, backbone) - costOf(b, backbone));
  const fitting = ways.find((way) => peakBytes(way, options) <= memory);
  if (fitting) return fitting;
  const least = Math.min(...ways.map((way) => peakBytes(way, options)));
  throw new InputError(
    (show) =>
      `${show("memory")} of ${showBytes(memory)} is too little: a step of this model, image size and method takes about ${showBytes(least)} at the least. Give that much, ${microBatchSize > 1 ? `a smaller ${show("microBatchSize")}, ` : ""}a smaller ${show("imageSize")}, or a smaller model.`,
  );
}

/** Even shares of a batch, the largest first. */
const sizesUpTo = (most: number, batchSize: number): number[] => [
  ...new Set(
    Array.from({ length: most }, (_, at) => Math.ceil(batchSize / Math.ceil(batchSize / (most - at)))),
  ),
];

/** A run makes adapted weights and their gradients once, which is worth so many rows of tokens. */
const rowsPerRun = 100;
const recomputeCost = 1.3;

/** Time per image, 1 being that of many images at once. */
const costOf = ({ microBatchSize, recompute }: StepMemory, { tokens }: Pick<Backbone, "tokens">): number =>
  (1 + rowsPerRun / tokens / microBatchSize) * (recompute ? recomputeCost : 1);

/**
 * The peak of the process, as measured on ViT-Ti/16 and ViT-B/16 (docs/performance.md): Node and ONNX Runtime, the weights
 * mapped, adapted and their gradients, and activations with what their gradients need beside them. Of recomputed blocks, what
 * lies between them is kept, and one of them is there at a time.
 */
export function peakBytes(
  { microBatchSize, recompute }: StepMemory,
  { backbone, trainables, recipe }: Pick<MemoryOptions, "backbone" | "trainables" | "recipe">,
): number {
  const { blocks, shapes, activationBytes } = backbone;
  const bytes = (all: Iterable<readonly number[]>) =>
    4 * [...all].reduce((sum, shape) => sum + sizeOf(shape), 0);
  const images = microBatchSize * (recipe.consistency > 0 ? 2 : 1);
  const kept = recompute ? 1.5 / blocks + 0.05 : 1.7;
  const activations = images * activationBytes * kept * (recipe.precision === "int8" ? 1.3 : 1);
  const optimizer = 5 * bytes(trainables.map(({ shape }) => shape));
  return baseBytes + 3 * bytes(shapes.values()) + activations + optimizer;
}

const baseBytes = 360 * 2 ** 20;
