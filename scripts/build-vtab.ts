/** Builds the tasks of VTAB-1k without loss; `npx tsx scripts/build-vtab.ts --help` says from what. */

import { parseArgs } from "node:util";
import { openProgress } from "../src/cli/progress.ts";
import { InputError, RlrrError } from "../src/errors.ts";
import { statOf } from "../src/files/exists.ts";
import { buildTask } from "./vtab/build-task.ts";
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

function parseFlags() {
  try {
    return parseArgs({
      options: {
        originals: { type: "string" },
        tfds: { type: "string" },
        out: { type: "string" },
        task: { type: "string", multiple: true },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`${why}. --help says what there is.`, { cause });
  }
}

/** Refuses what is no folder; `out` need not be there yet. */
async function checkFolder(flag: string, path: string): Promise<void> {
  if (path === "") throw new InputError(`--${flag} is empty; a folder was expected.`);
  const found = await statOf(path);
  if (found ? !found.isDirectory() : flag !== "out")
    throw new InputError(`--${flag} ${path}: ${found ? "that is no folder" : "there is no such folder"}.`);
}

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
  const values = parseFlags();
  if (values.help) {
    console.log([help, ...tasks.map(needs)].join("\n"));
    return;
  }
  const { originals, tfds, out } = values;
  if (out === undefined || (originals === undefined && tfds === undefined))
    throw new InputError("Say from what and where to: --originals or --tfds, and --out. --help says more.");
  for (const [flag, path] of Object.entries({ originals, tfds, out }))
    if (path !== undefined) await checkFolder(flag, path);
  const chosen = choose(values.task);
  const missing: VtabTask[] = [];
  for (const task of chosen) {
    const progress = openProgress();
    const onProgress = (done: number, total: number) =>
      progress.update({ label: task.name, done, total, unit: "images" });
    try {
      const built = await buildTask(task, { originals, tfds, out, onProgress });
      progress.close();
      if (built === "missing") missing.push(task);
      else console.log(`${task.name}: ${built}.`);
    } finally {
      progress.close();
    }
  }
  if (missing.length === 0) return;
  const list = missing.map((task) => `  ${needs(task)}`).join("\n");
  if (values.task || missing.length === chosen.length)
    throw new InputError(`What is needed is not there:\n${list}`);
  console.log(`Not built, as their data is not there:\n${list}`);
}

try {
  await run();
} catch (error) {
  if (!(error instanceof RlrrError)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = error.exitCode;
}
