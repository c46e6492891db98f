/** Takes the images of a task from what its originals hold. */

import { FileError } from "../../src/errors.ts";
import type { Original, Originals, Slice, VtabTask } from "./task.ts";
import { inTfdsOrder } from "./tfds-order.ts";

/** By the names of the task's lists. */
export interface TaskImages {
  readonly train800: readonly Original[];
  readonly val200: readonly Original[];
  readonly test: readonly Original[];
}

export interface OpenedOriginals {
  readonly originals: Originals;
  /** Whether the originals come in the order of TensorFlow Datasets already. */
  readonly isOrdered: boolean;
  /** The folder that they were read from. */
  readonly where: string;
}

/** Refuses originals that are not the whole data set: its slices would be others. */
export function takeSlices(task: VtabTask, { originals, isOrdered, where }: OpenedOriginals): TaskImages {
  for (const [split, expected] of Object.entries(task.counts)) {
    const found = originals[split]?.length ?? 0;
    if (found !== expected)
      throw new FileError(
        `${where}: ${split} has ${found.toLocaleString("en")} images, and that of ${task.tfds} has ${expected.toLocaleString("en")}. With others, ${task.name} would be another task. Extract it again, whole.`,
      );
  }
  const ordered = new Map<string, readonly Original[]>();
  const take = ({ split, from, to }: Slice): readonly Original[] => {
    const all = originals[split] ?? [];
    if (!ordered.has(split)) ordered.set(split, isOrdered ? all : inTfdsOrder(split, all));
    const taken = ordered.get(split)?.slice(from, to) ?? [];
    for (const { key, label } of taken)
      if (!(Number.isInteger(label) && label >= 0 && label < task.classes))
        throw new FileError(
          `${where}: ${split} ${key} has the label ${label}; ${task.name} has ${task.classes} classes, from 0.`,
        );
    return taken;
  };
  const { train800, val200, test } = task.slices;
  return { train800: take(train800), val200: take(val200), test: take(test) };
}
