/** How many trials run side by side: as many as there are cores and memory for. */

import { readCpuLimits } from "../engine/thread-quota.ts";
import { memoryBytes } from "../files/memory.ts";
import { sizeOf } from "../formats/tensor.ts";
import type { Model } from "../model/model.ts";

/** Node, ONNX Runtime, decoded images and activations of a step. */
const restBytes = 700 * 2 ** 20;
/** Weights, their gradients and two moments, where all train; less otherwise. */
const copies = 4;

export function chooseProcesses({
  asked,
  threads,
  trials,
  model,
}: {
  readonly asked: number | undefined;
  readonly threads: number;
  readonly trials: number;
  readonly model: Pick<Model, "weights">;
}): number {
  const weights = [...model.weights.values()].reduce((sum, { shape }) => sum + 4 * sizeOf(shape), 0);
  const { logicalCores, quota } = readCpuLimits();
  const byCores = Math.floor(Math.min(logicalCores, quota) / threads);
  const byMemory = Math.floor((0.8 * memoryBytes()) / (copies * weights + restBytes));
  return Math.max(1, Math.min(asked ?? Math.min(byCores, byMemory), trials));
}
