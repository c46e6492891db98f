/** Takes the images of a task from the splits of its data set. */

import { FileError } from "../../src/errors.ts";
import type { OrderedSplit, Original, Slice, VtabTask } from "./task.ts";

/** By the names of the task's lists. */
export interface TaskImages {
  readonly train800: readonly Original[];
  readonly val200: readonly Original[];
  readonly test: readonly Original[];
}

export interface OpenedData {
  /** The folder that is read. */
  readonly where: string;
  readonly splits: Readonly<Record<string, OrderedSplit>>;
}

/** Refuses what is not the whole data set: its slices would be others. */
export async function takeSlices(task: VtabTask, { splits, where }: OpenedData): Promise<TaskImages> {
  for (const [split, expected] of Object.entries(task.counts)) {
    const found = splits[split]?.length ?? 0;
    const accepted = [expected].flat();
    if (!accepted.includes(found))
      throw new FileError(
        `${where}: ${split} has ${found.toLocaleString("en")} images, and that of ${task.tfds} has ${accepted.map((count) => count.toLocaleString("en")).join(" or ")}. With others, ${task.name} would be another task. Get it again, whole.`,
      );
  }
  const take = async ({ split, from, to }: Slice): Promise<readonly Original[]> => {
    const taken = (await splits[split]?.slice(from, to)) ?? [];
    for (const { key, label } of taken)
      if (!(Number.isInteger(label) && label >= 0 && label < task.classes))
        throw new FileError(
          `${where}: ${split} ${key} has the label ${label}; ${task.name} has ${task.classes} classes, from 0.`,
        );
    return taken;
  };
  const { train800, val200, test } = task.slices;
  return { train800: await take(train800), val200: await take(val200), test: await take(test) };
}
