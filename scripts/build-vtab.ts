/** Builds the tasks of VTAB-1k without loss; `npx tsx scripts/build-vtab.ts --help` says from what. */

import { parseArgs } from "node:util";
import { exitCodeOf, handleSignals, interruption, showError } from "../src/cli/exit.ts";
import { openProgress } from "../src/cli/progress.ts";
import { slowly } from "../src/cli/slow-progress.ts";
import { FileError, InputError } from "../src/errors.ts";
import { statOf } from "../src/files/exists.ts";
import { type BuildOptions, type Built, buildTask } from "./vtab/build-task.ts";
import type { VtabTask } from "./vtab/task.ts";
import { tasks } from "./vtab/tasks.ts";

const help = `Builds the tasks of VTAB-1k without loss, for rlrr study and rlrr train.

  npx tsx scripts/build-vtab.ts --originals FOLDER --out FOLDER
  npx tsx scripts/build-vtab.ts --tfds ~/tensorflow_datasets --out FOLDER --task cifar --task dtd

  --originals <folder>  the data sets as their authors publish them, extracted, each in a folder of its own
  --tfds <folder>       what TensorFlow Datasets has prepared, for data sets whose originals are not there
  --out <folder>        gets a folder for each task; one that is there already is left as it is
  --task <name>         this task alone; may be given several times (default: all whose data is there)
  --help                this text, and what each data set needs
`;

const options = {
  originals: { type: "string" },
  tfds: { type: "string" },
  out: { type: "string" },
  task: { type: "string", multiple: true },
  help: { type: "boolean", default: false },
} as const;

function readArguments() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new InputError(`${error instanceof Error ? error.message : error}. --help lists the options.`);
  }
}

/** Refuses what is no folder; that of the tasks need not be there yet. */
async function checkFolder(flag: "originals" | "tfds" | "out", path: string): Promise<void> {
  if (path === "") throw new InputError(`--${flag} is empty; a folder was expected.`);
  const found = await statOf(path);
  if (found ? !found.isDirectory() : flag !== "out")
    throw new InputError(`--${flag} ${path}: ${found ? "that is no folder" : "there is no such folder"}.`);
}

/** A task that is named twice is built once. */
function choose(names: readonly string[] | undefined): readonly VtabTask[] {
  if (!names) return tasks;
  return [...new Set(names)].map((name) => {
    const task = tasks.find((one) => one.name === name);
    if (!task)
      throw new InputError(
        `--task ${name} is none of VTAB-1k's: ${tasks.map((one) => one.name).join(", ")}.`,
      );
    return task;
  });
}

const needs = ({ name, folder, tfds, originals }: VtabTask): string =>
  originals
    ? `${name}: in the folder ${folder}, ${originals.files}; or ${tfds} of TensorFlow Datasets`
    : `${name}: ${tfds} of TensorFlow Datasets`;

async function run(): Promise<void> {
  const { originals, tfds, out, task: names, help: isAsked } = readArguments();
  if (isAsked) {
    console.log([help, ...tasks.map(needs)].join("\n"));
    return;
  }
  if (out === undefined || (originals === undefined && tfds === undefined))
    throw new InputError("Say from what and where to: --originals or --tfds, and --out. --help says more.");
  for (const flag of ["originals", "tfds", "out"] as const) {
    const path = { originals, tfds, out }[flag];
    if (path !== undefined) await checkFolder(flag, path);
  }
  const missing: VtabTask[] = [];
  const failed: string[] = [];
  for (const task of choose(names)) {
    try {
      const built = await buildOne(task, { originals, tfds, out });
      if (built === "missing") missing.push(task);
      else console.log(`${task.name}: ${built}.`);
    } catch (error) {
      // The others may be whole.
      if (!(error instanceof FileError || error instanceof InputError)) throw error;
      console.error(`${task.name}: ${error.message}`);
      failed.push(task.name);
    }
  }
  sayMissing(missing, names !== undefined);
  if (failed.length > 0) throw new FileError(`Not built, for what is said above: ${failed.join(", ")}.`);
}

function sayMissing(missing: readonly VtabTask[], areNamed: boolean): void {
  if (missing.length === 0) return;
  if (areNamed) throw new InputError(`What is needed is not there:\n${missing.map(needs).join("\n")}`);
  const list = missing.map(({ name }) => name).join(", ");
  if (missing.length === tasks.length)
    throw new InputError(`There is no data of any task. --help says what each needs: ${list}.`);
  console.log(`Not built, as their data is not there: ${list}. --help says what each needs.`);
}

type Folders = Pick<BuildOptions, "originals" | "tfds" | "out">;

async function buildOne(task: VtabTask, folders: Folders): Promise<Built> {
  const progress = openProgress();
  const show = slowly(progress, { label: task.name });
  try {
    return await buildTask(task, { ...folders, onProgress: show, signal: interruption });
  } finally {
    progress.close();
  }
}

handleSignals();
try {
  await run();
} catch (error) {
  await showError(error, { json: false });
  process.exitCode = exitCodeOf(error);
}
