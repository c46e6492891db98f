/** rlrr train: adapts a model to labelled images. */

import { Command, Option } from "commander";
import { methods } from "../adapter/methods.ts";
import { composeSteps, type StepChoices } from "../data/compose-steps.ts";
import type { Dataset } from "../data/dataset.ts";
import { readDataset } from "../data/read-dataset.ts";
import { splitTrainValidation } from "../data/split-train-validation.ts";
import { nativeEngine } from "../engine/native.ts";
import { readModel } from "../model/read-model.ts";
import { parseRecipe, type RecipeInput } from "../train/recipe.ts";
import { train } from "../train/train.ts";
import { Interrupted, interruption } from "./exit.ts";
import { baseIdOf } from "./open-model.ts";
import {
  dataHelp,
  flagOf,
  jsonOption,
  modelHelp,
  modelOption,
  realNumber,
  threadsOption,
  wholeNumber,
  withOptions,
} from "./options.ts";
import { openReporter } from "./report-training.ts";

const recipeOptions = [
  new Option("--epochs <n>", "passes over the training images (default: 100)").argParser(wholeNumber),
  new Option("--batch-size <n>", "images an optimizer step (default: 32)").argParser(wholeNumber),
  new Option("--micro-batch-size <n>", "images a run of the graph (default: as memory allows)").argParser(
    wholeNumber,
  ),
  new Option("--learning-rate <x>", "top of the schedule (default: 1e-3; linear 1e-2, full 1e-4)").argParser(
    realNumber,
  ),
  new Option("--min-learning-rate <x>", "end of the schedule (default: 1e-8)").argParser(realNumber),
  new Option("--warmup-learning-rate <x>", "start of the warm-up (default: 1e-7)").argParser(realNumber),
  new Option("--warmup-epochs <n>", "(default: a tenth of the epochs)").argParser(wholeNumber),
  new Option("--schedule <kind>", "learning rate over epochs (default: cosine)").choices([
    "cosine",
    "linear",
    "constant",
  ]),
  new Option("--weight-decay <x>", "(default: 1e-4)").argParser(realNumber),
  new Option("--clip-norm <x>", "scale gradients down to this norm (default: off)").argParser(realNumber),
  new Option(
    "--dropout <p>",
    "drop numbers of residual branches, as the official code does (default: 0)",
  ).argParser(realNumber),
  new Option("--drop-path <p>", "drop whole residual branches: stochastic depth (default: 0)").argParser(
    realNumber,
  ),
  new Option("--label-smoothing <x>", "(default: 0)").argParser(realNumber),
  new Option("--class-weights <kind>", "weigh rare classes more (default: none)").choices([
    "none",
    "balanced",
  ]),
  new Option("--seed <n>", "of every random choice (default: 42)").argParser(wholeNumber),
  new Option(
    "--select <epoch>",
    "keep the best epoch on validation images, or train on them too and keep the last (default: val)",
  ).choices(["val", "last"]),
  new Option("--patience <n>", "stop after so many epochs without a better one (default: never)").argParser(
    wholeNumber,
  ),
];
const methodOptions = [
  new Option("--method <name>", methods.map(({ name, summary }) => `${name}: ${summary}`).join("; "))
    .choices(methods.map(({ name }) => name))
    .default("rlrr"),
  new Option("--rank <r>", "rlrr: rank of the multiplier (default: 1)").argParser(wholeNumber),
  new Option("--side <side>", "rlrr: which scales to train (default: both)").choices([
    "both",
    "left",
    "right",
  ]),
  new Option("--no-residual", "rlrr: leave the frozen weight out of the sum"),
  new Option("--sites <list>", "rlrr: of q,k,v,o,fc1,fc2,norm,patch (default: all)").argParser((text) =>
    text.split(",").map((site) => site.trim()),
  ),
  new Option(
    "--init <start>",
    "rlrr: as published, or exactly at the pre-trained model (default: official)",
  ).choices(["official", "identity"]),
];
const imageOptions = [
  new Option("--image-size <pixels>", "(default: the model's)").argParser(wholeNumber),
  new Option(
    "--resize <how>",
    "squash both sides, or keep the aspect ratio and crop (default: the model's, else squash)",
  ).choices(["squash", "short"]),
  new Option("--interpolation <filter>", "(default: the model's, else bicubic)").choices([
    "nearest",
    "box",
    "bilinear",
    "hamming",
    "bicubic",
    "lanczos",
  ]),
  new Option("--crop <how>", "of training images (default: none, or center with --resize short)").choices([
    "none",
    "center",
    "random",
    "random-resized",
  ]),
  new Option("--flip", "flip half of the training images left to right"),
  new Option(
    "--normalize <values>",
    "mean and deviation of colours (default: the model's, else half)",
  ).choices(["half", "imagenet"]),
];

export const trainCommand = (): Command =>
  withOptions(new Command("train").description("adapt a model to labelled images; writes an adapter"), [
    modelOption("the pre-trained model").makeOptionMandatory(),
    new Option("--data <path>", "the labelled images").makeOptionMandatory(),
    new Option("--out <folder>", "where the run and its adapter go").makeOptionMandatory(),
    ...methodOptions,
    ...recipeOptions,
    ...imageOptions,
    new Option(
      "--validation-fraction <x>",
      "of the training images, where the data has no validation split (default: 0.2)",
    ).argParser(realNumber),
    new Option("--skip-bad-images", "leave damaged images out instead of stopping"),
    new Option("--resume", "go on with the run in --out; repeat its options"),
    threadsOption(),
    jsonOption(),
  ])
    .addHelpText(
      "after",
      `${modelHelp}${dataHelp}

Examples:
  rlrr train --model vit-b16.npz --data flowers/ --out runs/flowers --epochs 20 --flip
  rlrr train --model google/vit-base-patch16-224-in21k --data cub/ --out runs/cub --learning-rate 3e-3 --dropout 0.1
  rlrr train --model vit.safetensors --data photos/ --out runs/probe --method linear
Ctrl-C saves the state; the same command with --resume goes on to the same numbers.`,
    )
    .action(runTrain);

interface Flags extends RecipeInput, StepChoices {
  readonly model: string;
  readonly data: string;
  readonly out: string;
  readonly method: string;
  readonly imageSize?: number;
  readonly validationFraction?: number;
  readonly skipBadImages?: boolean;
  readonly resume?: boolean;
  readonly threads?: number;
  readonly json?: boolean;
}

async function runTrain(flags: Flags): Promise<void> {
  const given = pick(flags, recipeOptions) as RecipeInput;
  const suggested = methods.find(({ name }) => name === flags.method)?.learningRate ?? 1e-3;
  const recipe = parseRecipe({ learningRate: suggested, ...given }, flagOf);
  const reporter = openReporter({ json: flags.json ?? false });
  const engine = nativeEngine(flags.threads ? { threads: flags.threads } : {});
  try {
    const size = flags.imageSize === undefined ? {} : { imageSize: flags.imageSize };
    const model = await readModel(flags.model, { ...size, signal: interruption });
    const dataset = await readTrainingData(flags, recipe);
    const preprocessing = composeSteps(model.config.imageSize, model.preprocessing, flags);
    for (const message of [...model.notes, ...dataset.notes]) reporter.report({ type: "note", message });
    const method = { name: flags.method, options: methodSettings(flags) };
    const common = { model, dataset, preprocessing, method, recipe, engine, out: flags.out };
    const choices = {
      skipBadImages: flags.skipBadImages ?? false,
      resume: flags.resume ?? false,
      signal: interruption,
    };
    for await (const event of train({ ...common, ...choices, baseId: await baseIdOf(flags.model) })) {
      reporter.report(event);
      if (event.type === "stopped")
        throw new Interrupted(
          `Interrupted at step ${event.step}; the state is saved. Add --resume to go on.`,
        );
    }
  } finally {
    reporter.close();
    await engine.close();
  }
}

/** With `last` nothing is held out: hyper-parameters are settled, and validation images are trained on as well. */
async function readTrainingData(
  flags: Flags,
  { select, seed }: { select: string; seed: number },
): Promise<Dataset> {
  const dataset = await readDataset(flags.data, { signal: interruption });
  if (select === "val") {
    const fraction = flags.validationFraction === undefined ? {} : { fraction: flags.validationFraction };
    return dataset.splits.val.length > 0 ? dataset : splitTrainValidation(dataset, { seed, ...fraction });
  }
  const { train: fit, val } = dataset.splits;
  if (val.length === 0) return dataset;
  const note = `Training on the ${val.length} validation images too, since --select last keeps the last epoch.`;
  return {
    ...dataset,
    splits: { ...dataset.splits, train: [...fit, ...val], val: [] },
    notes: [...dataset.notes, note],
  };
}

const methodSettings = (flags: Flags): Record<string, unknown> => {
  const { residual, ...settings } = pick(flags, methodOptions.slice(1));
  return residual === false ? { ...settings, residual } : settings;
};

/** The flags among `options` that were given. */
function pick(flags: object, options: readonly Option[]): Record<string, unknown> {
  const names = new Set(options.map((option) => option.attributeName()));
  return Object.fromEntries(
    Object.entries(flags).filter(([name, value]) => names.has(name) && value !== undefined),
  );
}
