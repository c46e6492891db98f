/** rlrr study: compares methods, recipes and options on data sets, under one protocol. */

import { Argument, Command, Option } from "commander";
import { InputError } from "../index.ts";
import { emitStudy, presetNames, readStudyFile, type StudyInput, study } from "../node.ts";
import { Interrupted, interruption } from "./exit.ts";
import {
  dataHelp,
  headsOption,
  inGroup,
  jsonOption,
  modelHelp,
  modelOption,
  numberOption,
  wholeNumberOption,
  withOptions,
} from "./options.ts";
import { print, say } from "./output.ts";
import { openStudyReporter } from "./report-study.ts";
import { showReading } from "./show-reading.ts";

const list = (text: string): string[] => text.split(",").map((part) => part.trim());
/** Other text stays, for the study to refuse. */
const numbers = (text: string): (number | string)[] =>
  list(text).map((part) => (part !== "" && Number.isFinite(Number(part)) ? Number(part) : part));

const gridOptions = [
  new Option(
    "--preset <name>",
    "a study that comes with the program: its methods and recipe, and for vtab and fgvc the data sets below the folder given as data",
  ).choices(presetNames),
  modelOption("the pre-trained model"),
  headsOption(),
  new Option("--data <path...>", "labelled images, one or more sets"),
  new Option("--methods <list>", "methods, such as rlrr,linear,lora").argParser(list),
  new Option(
    "--recipe <list>",
    "recipes: default, official, official-vtab, official-fgvc, official-fgvc-aug (default: default)",
  ).argParser(list),
  new Option(
    "--learning-rate <list>",
    "learning rates to choose from on validation images (default: the recipe's own)",
  ).argParser(numbers),
  wholeNumberOption("--seeds <n>", "trainings of each row that are read on test images (default: 3)"),
  wholeNumberOption(
    "--tune-seeds <n>",
    "trainings of each choice that are read on validation images (default: 1)",
  ),
  numberOption("--epochs <n>", "passes over the training images (default: the recipe's)"),
  numberOption("--batch-size <n>", "images per optimizer step (default: the recipe's)"),
  wholeNumberOption("--image-size <pixels>", "image size in pixels (default: the model's)"),
  new Option("--reference <method>", "method that the others are compared with, seed by seed"),
];
const protocolOptions = [
  new Option(
    "--select <split>",
    "val reads test images once, after the last epoch; test reads them after each and keeps the best, as the official code does, which is too high a number (default: val)",
  ).choices(["val", "test"]),
  numberOption(
    "--validation-fraction <x>",
    "share of the training images held out where a set has no validation split (default: 0.2)",
  ),
  numberOption(
    "--test-fraction <x>",
    "share of the training images held out where a set has no test split (default: 0.2)",
  ),
  new Option("--skip-bad-images", "skip damaged images instead of stopping"),
];
const machineOptions = [
  wholeNumberOption(
    "--processes <n>",
    "trials side by side (default: by cores and memory); results do not depend on it",
  ),
  new Option(
    "--queue <address>",
    "hand the trials to rlrr worker, on any number of machines: redis://HOST:PORT of a Valkey or Redis server",
  ),
  new Option(
    "--bucket <address>",
    "with --queue: s3://BUCKET/PREFIX, for workers that share no folder with the study; credentials and server by AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL_S3 and so on",
  ),
  new Option("--provider <name>", "execution provider of the engine (default: cpu)"),
  wholeNumberOption("--threads <n>", "threads of each process (default: 1)"),
  new Option("--keep-adapters", "keep the adapter of every trial that is read on test images"),
  new Option(
    "--emit <queue>",
    "train nothing: write a script for Slurm, or Jobs for Kubernetes, that runs every trial of the study by itself on machines that share --out",
  ).choices(["slurm", "k8s"]),
  numberOption(
    "--trial <n>",
    "run one trial alone, from 0, of the study that is in --out; its result waits there for rlrr study",
  ),
];

export const studyCommand = (): Command =>
  withOptions(
    new Command("study")
      .description("train a grid of data sets, methods, recipes and seeds; writes a table")
      .addArgument(new Argument("[file]", "a study in JSON; options replace what it says")),
    [
      new Option(
        "--out <folder>",
        "folder for results and tables; a study that is there goes on",
      ).makeOptionMandatory(),
      ...gridOptions,
      ...inGroup("Protocol:", protocolOptions),
      ...inGroup("Machine:", machineOptions),
      jsonOption(),
    ],
  )
    .addHelpText(
      "after",
      `${modelHelp}${dataHelp}

Examples:
  rlrr study --data flowers/ pets/ --model tiny --methods linear,rlrr,lora --learning-rate 1e-3,3e-3 --out studies/mine
  rlrr study --preset vtab --data vtab-1k/ --model vit-b16.npz --out studies/vtab
  rlrr study study.json --out studies/mine
  rlrr study --out studies/mine
  rlrr study study.json --out /shared/mine --emit slurm
Ctrl-C saves every trial that runs; the same command, or --out alone, goes on to the same table.
docs/study.md has the study file, the protocol and the presets.`,
    )
    .action(runStudy);

interface Flags extends Omit<StudyInput, "recipes" | "recipe" | "tune"> {
  readonly out: string;
  readonly recipe?: readonly string[];
  readonly learningRate?: readonly unknown[];
  readonly epochs?: number;
  readonly batchSize?: number;
  readonly processes?: number;
  readonly queue?: string;
  readonly bucket?: string;
  readonly emit?: "slurm" | "k8s";
  readonly trial?: number;
  readonly json?: boolean;
}

async function runStudy(file: string | undefined, flags: Flags): Promise<void> {
  const { out, processes, queue, bucket, emit, trial, json = false } = flags;
  const asked = studyOf(flags);
  const isNew = file !== undefined || Object.keys(asked).length > 0;
  const given = file === undefined ? asked : merged(await readStudyFile(file), asked);
  const chosen = isNew ? { study: given } : {};
  const unused = Object.entries({ processes, queue, bucket }).find(([, value]) => value !== undefined)?.[0];
  if (emit && unused !== undefined)
    throw new InputError(
      `--emit writes files and trains nothing, so --${unused} is not for it. Leave it out.`,
    );
  if (emit) return emitManifests({ out, emit, ...chosen }, { json, trial });
  const reporter = openStudyReporter({ json });
  const progress = showReading({ json });
  try {
    const events = study({
      ...{ out, processes, queue, bucket, trial, signal: interruption, onProgress: progress.show },
      ...chosen,
    });
    for await (const event of events) {
      await reporter.report(event);
      if (event.type === "stopped")
        throw new Interrupted(
          `Interrupted with ${event.step} ${event.step === 1 ? "trial" : "trials"} done; the states of the others are saved. The same command goes on.`,
        );
    }
  } finally {
    progress.close();
    reporter.close();
  }
}

async function emitManifests(
  options: Parameters<typeof emitStudy>[0],
  { json, trial }: Pick<Flags, "json" | "trial">,
): Promise<void> {
  if (trial !== undefined)
    throw new InputError("--emit writes what runs trials, and --trial runs one; give one of them.");
  const { files, trials } = await emitStudy({ ...options, signal: interruption });
  if (json) {
    await print(`${JSON.stringify({ type: "emitted", files, trials })}\n`);
    return;
  }
  await say(
    `${trials.tuning} trials choose settings, and ${trials.final} are read on test images. Submit${files.length > 1 ? ", one after the other" : ""}:`,
  );
  for (const file of files)
    await say(options.emit === "slurm" ? `  sh ${file}` : `  kubectl apply -f ${file}`);
}

/** What the flags say of the study. */
function studyOf(flags: Flags): StudyInput {
  const {
    out: _out,
    processes: _processes,
    queue: _queue,
    bucket: _bucket,
    json: _json,
    emit: _emit,
    trial: _trial,
    recipe: recipes,
    learningRate,
    epochs,
    batchSize,
    ...rest
  } = flags;
  if (learningRate?.some((rate) => typeof rate !== "number"))
    throw new InputError(
      `--learning-rate must be numbers above 0 with commas between, got "${learningRate.join(",")}".`,
    );
  const recipe = { ...(epochs !== undefined && { epochs }), ...(batchSize !== undefined && { batchSize }) };
  return {
    ...rest,
    ...(recipes && { recipes: [...recipes] }),
    ...(learningRate && { tune: { learningRate: [...learningRate] } }),
    ...(Object.keys(recipe).length > 0 && { recipe }),
  };
}

const merged = (file: StudyInput, flags: StudyInput): StudyInput => ({
  ...file,
  ...flags,
  ...((file.recipe ?? flags.recipe) && { recipe: { ...file.recipe, ...flags.recipe } }),
  ...((file.tune ?? flags.tune) && { tune: { ...file.tune, ...flags.tune } }),
});
