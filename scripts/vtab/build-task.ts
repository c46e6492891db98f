/** Builds one task from what there is of its data set. */

import { join } from "node:path";
import { exists } from "../../src/files/exists.ts";
import { openPrepared } from "./prepared.ts";
import { type OpenedData, takeSlices } from "./take-slices.ts";
import type { VtabTask } from "./task.ts";
import { orderSplits } from "./tfds-order.ts";
import { writeTask } from "./write-task.ts";

export interface BuildOptions {
  /** The folder above those of the originals. */
  readonly originals?: string | undefined;
  /** The folder of what TensorFlow Datasets has prepared. */
  readonly tfds?: string | undefined;
  /** The folder above those of the tasks. */
  readonly out: string;
  readonly onProgress: (done: number, total: number) => void;
  /** Where it is raised, nothing is left of the task that is being built. */
  readonly signal?: AbortSignal | undefined;
}

/** `missing` where neither folder has its data set. */
export type Built = "built" | "there already" | "missing";

export async function buildTask(task: VtabTask, options: BuildOptions): Promise<Built> {
  const { out, signal, onProgress } = options;
  const folder = join(out, task.name);
  if (await exists(folder)) return "there already";
  const opened = await openTask(task, options);
  signal?.throwIfAborted();
  if (!opened) return "missing";
  const images = await takeSlices(task, opened);
  signal?.throwIfAborted();
  await writeTask(task, images, { folder, from: opened.from, onProgress, signal });
  return "built";
}

/** The originals where they are there, else what has been prepared. */
async function openTask(
  task: VtabTask,
  { originals, tfds }: BuildOptions,
): Promise<(OpenedData & { readonly from: string }) | undefined> {
  if (originals !== undefined && task.originals) {
    const where = join(originals, task.folder);
    if (await exists(where)) {
      const splits = orderSplits(await task.originals.open(where), where);
      return { where, splits, from: "the originals" };
    }
  }
  const prepared = tfds === undefined ? undefined : await openPrepared(tfds, task);
  return prepared && { ...prepared, from: "what TensorFlow Datasets prepared" };
}
