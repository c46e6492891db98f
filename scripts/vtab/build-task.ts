/** Builds one task from what there is of its data set. */

import { join } from "node:path";
import { exists } from "../../src/files/exists.ts";
import { type OpenedOriginals, takeSlices } from "./take-slices.ts";
import type { VtabTask } from "./task.ts";
import { writeTask } from "./write-task.ts";

export interface BuildOptions {
  /** The folder above those of the originals. */
  readonly originals?: string | undefined;
  /** The folder of what TensorFlow Datasets has prepared. */
  readonly tfds?: string | undefined;
  /** The folder above those of the tasks. */
  readonly out: string;
  readonly onProgress: (done: number, total: number) => void;
}

/** `missing` where neither folder has its data set. */
export type Built = "built" | "there already" | "missing";

export async function buildTask(task: VtabTask, options: BuildOptions): Promise<Built> {
  const folder = join(options.out, task.name);
  if (await exists(folder)) return "there already";
  const opened = await openTask(task, options);
  if (!opened) return "missing";
  const images = takeSlices(task, opened);
  await writeTask(task, images, { folder, from: opened.from, onProgress: options.onProgress });
  return "built";
}

async function openTask(
  task: VtabTask,
  { originals, tfds }: BuildOptions,
): Promise<(OpenedOriginals & { readonly from: string }) | undefined> {
  if (originals !== undefined && task.originals) {
    const where = join(originals, task.folder);
    if (await exists(where))
      return { originals: await task.originals.open(where), isOrdered: false, where, from: "the originals" };
  }
  return undefined;
}
