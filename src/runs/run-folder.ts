/** A run's folder: one process at a time, a config that a resumed run must repeat, and no files of others. */

import { rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FileError, InputError } from "../errors.ts";
import { exists, statOf } from "../files/exists.ts";
import { makeFolder } from "../files/make-folder.ts";
import { readJson } from "../files/read-json.ts";
import { recoverPlaces } from "../files/temporary-paths.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { takeLock } from "./run-lock.ts";

const names = {
  config: "run.json",
  metrics: "metrics.jsonl",
  checkpoint: "checkpoint.safetensors",
  adapter: "adapter",
  report: "report.html",
  rows: ".frozen-blocks.tmp",
  steps: "steps.csv",
  tensorboard: "tensorboard",
  epochs: "epochs",
} as const;

/** The adapter of an epoch, counted from 1, in the folder of all of them; 0 is what training starts from. */
export const epochFolder = (epochs: string, epoch: number): string =>
  join(epochs, `epoch-${String(epoch).padStart(3, "0")}`);

/** The run that a folder of an adapter belongs to, by the names that runs give theirs. */
export const runOfAdapter = (folder: string): string =>
  basename(dirname(resolve(folder))) === names.epochs ? dirname(dirname(resolve(folder))) : folder;

/** The paths of a run's files. */
export const runPaths = (folder: string): Readonly<Record<keyof typeof names, string>> => ({
  config: join(folder, names.config),
  metrics: join(folder, names.metrics),
  checkpoint: join(folder, names.checkpoint),
  adapter: join(folder, names.adapter),
  report: join(folder, names.report),
  rows: join(folder, names.rows),
  steps: join(folder, names.steps),
  tensorboard: join(folder, names.tensorboard),
  epochs: join(folder, names.epochs),
});

export interface RunFolder {
  readonly path: string;
  readonly paths: ReturnType<typeof runPaths>;
  /** The config of an earlier run here. */
  readonly earlier: unknown;
  readonly writeConfig: (config: unknown) => Promise<void>;
  /** Releases the lock. A folder that stayed empty is removed. */
  readonly close: () => Promise<void>;
}

/** Creates the folder, takes its lock and cleans up after a killed run. */
export async function openRunFolder(path: string): Promise<RunFolder> {
  const made = await makeFolder(path);
  const unlock = await takeLock(path);
  const close = async () => {
    await unlock();
    // Fails, as it should, where something is inside.
    if (made !== undefined) await rmdir(path).catch(() => {});
  };
  const paths = runPaths(path);
  try {
    await refuseLinks(paths);
    await recoverPlaces(Object.values(paths));
    const earlier = await readEarlier(paths.config);
    // Of a process that was killed, and of no use to another.
    await rm(paths.rows, { force: true });
    if (earlier === undefined) await refuseUnsupported(path);
    const writeConfig = (config: unknown) =>
      writeFileAtomically(paths.config, `${JSON.stringify(config, null, 2)}\n`);
    return { path, paths, earlier, writeConfig, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A link leads to a file or folder of somebody else, which is not ours to write over. */
async function refuseLinks(paths: RunFolder["paths"]): Promise<void> {
  for (const path of Object.values(paths)) {
    const found = await statOf(path, { follow: false });
    if (found?.isSymbolicLink())
      throw new InputError(
        (show) =>
          `${path} is a symbolic link; a run's files lie in its own folder. Remove the link, or give another folder as ${show("out")}.`,
      );
  }
}

async function readEarlier(path: string): Promise<unknown> {
  if (!(await exists(path))) return undefined;
  return readJson(path).catch((cause: unknown) => {
    if (!(cause instanceof FileError)) throw cause;
    throw new FileError(
      (show) => `${cause.message} Remove its folder, or give another one as ${show("out")}.`,
      { cause },
    );
  });
}

/** The config is written first of all, so other files of these names without it are not ours to write over. */
async function refuseUnsupported(path: string): Promise<void> {
  for (const name of Object.values(names))
    if (await exists(join(path, name)))
      throw new InputError(
        (show) =>
          `${path} holds ${name} but no ${names.config}, so it is not a run to resume. Give another folder as ${show("out")}.`,
      );
}
