/** How far training has moved each tensor: of every method, from the tensors in the adapter and what they began as. */

import { join } from "node:path";
import { readSafetensors, readTensor } from "../formats/safetensors.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import type { Model } from "../model/model.ts";
import type { TensorChange } from "../reports/change-map.ts";
import { firstValues } from "../train/start-state.ts";
import type { OpenedRun, RunOptions } from "./open-run.ts";

type Run = Pick<OpenedRun, "trainables" | "recipe"> & {
  /** The adapter's folder. */
  readonly adapter: string;
  readonly options: Pick<RunOptions, "continued"> & { readonly model: Pick<Model, "weights"> };
};

/** Without the head, which every method trains. One tensor at a time, since all of a large model would fill the memory twice. */
export async function measureChanges({
  trainables,
  recipe,
  adapter,
  options,
}: Run): Promise<readonly TensorChange[]> {
  const backbone = trainables.filter(({ name }) => !name.startsWith("head."));
  if (backbone.length === 0) return [];
  const file = await readSafetensors(join(adapter, "adapter_model.safetensors"));
  const changes: TensorChange[] = [];
  for (const trainable of backbone) {
    const { name, start } = trainable;
    const before = await firstValues(trainable, {
      weights: options.model.weights,
      seed: recipe.seed,
      readWeight,
      trained: options.continued?.start.tensors,
    });
    const { data: after } = await readTensor(file, name);
    const moved = rms(before.length, (at) => (after[at] as number) - (before[at] as number));
    const size = start === "frozen" ? rms(before.length, (at) => before[at] as number) : 1;
    changes.push({ name, change: size > 0 ? moved / size : moved, relative: start === "frozen" });
  }
  return changes;
}

function rms(length: number, value: (at: number) => number): number {
  let sum = 0;
  for (let at = 0; at < length; at++) sum += value(at) ** 2;
  return Math.sqrt(sum / Math.max(1, length));
}
