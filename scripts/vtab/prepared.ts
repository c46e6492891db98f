/** Opens the data set of a task as TensorFlow Datasets has prepared it: its records lie in order, whatever their keys. */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../src/errors.ts";
import { unlessMissing } from "../../src/files/exists.ts";
import { readPreparedSplits } from "./prepared-splits.ts";
import { type PreparedTask, preparedTasks } from "./prepared-tasks.ts";
import type { OrderedSplit, VtabTask } from "./task.ts";

export interface Prepared {
  /** The folder of the version that is read. */
  readonly where: string;
  /** Those that `counts` of the task names. */
  readonly splits: Readonly<Record<string, OrderedSplit>>;
}

/**
 * `folder` is the one above all data sets, such as ~/tensorflow_datasets. Undefined where the data set of this task has not
 * been prepared there; an `InputError` where only versions with other images or labels have.
 */
export async function openPrepared(folder: string, task: VtabTask): Promise<Prepared | undefined> {
  const row = preparedTasks[task.name];
  if (!row) throw new Error(`internal: no row for the task ${task.name}`);
  const above = join(folder, row.folder);
  const versions = await versionsIn(above);
  if (versions.length === 0) return undefined;
  const where = join(above, newestOf(versions, { above, row, task }));
  return { where, splits: await readPreparedSplits(where, { row, splits: Object.keys(task.counts) }) };
}

/** The newest first. */
async function versionsIn(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder).catch((cause: unknown) => unlessMissing(cause, folder))) ?? [];
  return names.filter((name) => /^\d+\.\d+\.\d+$/.test(name)).sort(byVersion);
}

const numbersOf = (version: string): readonly number[] => version.split(".").map(Number);

function byVersion(one: string, other: string): number {
  const [a, b] = [numbersOf(one), numbersOf(other)];
  const at = a.findIndex((number, index) => number !== b[index]);
  return at < 0 ? 0 : (b[at] as number) - (a[at] as number);
}

interface Choice {
  readonly above: string;
  readonly row: PreparedTask;
  readonly task: VtabTask;
}

function newestOf(versions: readonly string[], { above, row, task }: Choice): string {
  const newest = versions.find((version) => row.majors.includes(numbersOf(version)[0] as number));
  if (newest !== undefined) return newest;
  const wanted = row.majors.map((major) => `${major}.x.x`).join(" or ");
  throw new InputError(
    `${above} has the version ${versions.join(" and ")}; ${task.name} is made of ${wanted}. Prepare that with TensorFlow Datasets.`,
  );
}
