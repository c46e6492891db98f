/** rlrr train: adapts a model to labelled images. */

import { Command, Option } from "commander";
import type { Dataset } from "../datasets/dataset.ts";
import { describeDataset } from "../datasets/describe-dataset.ts";
import { readDataset } from "../datasets/read-dataset.ts";
import { splitTrainValidation } from "../datasets/split-train-validation.ts";
import { openEngine } from "../engine/open-engine.ts";
import { InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { chooseMethod } from "../methods/methods.ts";
import { composeSteps, type StepChoices } from "../preprocessing/compose-steps.ts";
import { filters } from "../preprocessing/steps.ts";
import { train } from "../runs/train.ts";
import { parseRecipe, type RecipeInput } from "../train/recipe.ts";
import { checkRunFolder } from "./check-out.ts";
import { type EngineFlags, engineOptions } from "./engine-options.ts";
import { Interrupted, interruption } from "./exit.ts";
import { methodOption, methodSettingOptions, methodSettings } from "./method-options.ts";
import { baseIdOf } from "./open-model.ts";
import {
  dataHelp,
  flagOf,
  givenFlags,
  headsOption,
  inGroup,
  jsonOption,
  modelHelp,
  modelOption,
  numberOption,
  wholeNumberOption,
  withOptions,
} from "./options.ts";
import { readShownModel, sayAssumedSteps } from "./read-shown-model.ts";
import { openReporter } from "./report-training.ts";

const recipeOptions = [
  numberOption("--epochs <n>", "passes over the training images (default: 100)"),
  numberOption("--batch-size <n>", "images an optimizer step (default: 32)"),
  numberOption("--micro-batch-size <n>", "images a run of the graph (default: as memory allows)"),
  numberOption("--learning-rate <x>", "top of the schedule (default: 1e-3; linear 1e-2, full 1e-4)"),
  numberOption("--min-learning-rate <x>", "end of the schedule (default: 1e-8)"),
  numberOption("--warmup-learning-rate <x>", "start of the warm-up (default: 1e-7)"),
  numberOption("--warmup-epochs <n>", "(default: a tenth of the epochs)"),
  new Option("--schedule <kind>", "learning rate over epochs (default: cosine)").choices([
    "cosine",
    "linear",
    "constant",
  ]),
  numberOption("--weight-decay <x>", "(default: 1e-4)"),
  numberOption("--clip-norm <x>", "scale gradients down to this norm (default: off)"),
  numberOption("--dropout <p>", "drop numbers of residual branches, as the official code does (default: 0)"),
  numberOption("--drop-path <p>", "drop whole residual branches: stochastic depth (default: 0)"),
  numberOption("--label-smoothing <x>", "(default: 0)"),
  new Option("--class-weights <kind>", "weigh rare classes more (default: none)").choices([
    "none",
    "balanced",
  ]),
  numberOption("--seed <n>", "of every random choice (default: 42)"),
  new Option(
    "--select <epoch>",
    "keep the best epoch on validation images, or train on them too and keep the last (default: val)",
  ).choices(["val", "last"]),
  numberOption("--patience <n>", "stop after so many epochs without a better one (default: never)"),
];
const imageOptions = [
  wholeNumberOption("--image-size <pixels>", "(default: the model's)"),
  new Option(
    "--resize <how>",
    "squash both sides, or keep the aspect ratio and crop (default: the model's, else squash)",
  ).choices(["squash", "short"]),
  new Option("--interpolation <filter>", "(default: the model's, else bicubic)").choices(filters),
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
    headsOption(),
    new Option("--data <path>", "the labelled images").makeOptionMandatory(),
    new Option("--out <folder>", "where the run and its adapter go").makeOptionMandatory(),
    numberOption(
      "--validation-fraction <x>",
      "of the training images, where the data has no validation split (default: 0.2)",
    ),
    new Option("--skip-bad-images", "leave damaged images out instead of stopping"),
    new Option("--resume", "go on with the run in --out; repeat its options"),
    ...engineOptions(),
    jsonOption(),
    ...inGroup("Method:", [methodOption().default("rlrr"), ...methodSettingOptions()]),
    ...inGroup("Training:", recipeOptions),
    ...inGroup("Images:", imageOptions),
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

interface Flags extends RecipeInput, StepChoices, EngineFlags {
  readonly model: string;
  readonly data: string;
  readonly out: string;
  readonly method: string;
  readonly heads?: number;
  readonly imageSize?: number;
  readonly validationFraction?: number | string;
  readonly skipBadImages?: boolean;
  readonly resume?: boolean;
  readonly json?: boolean;
}

async function runTrain(flags: Flags): Promise<void> {
  const { json = false, out, provider, threads } = flags;
  const method = { name: flags.method, options: methodSettings(flags) };
  const { learningRate } = chooseMethod(method, "--method").method;
  const recipe = parseRecipe({ learningRate, ...givenFlags(flags, recipeOptions) }, flagOf);
  const fraction = validationFraction(flags);
  await checkRunFolder(out, flags);
  const engine = await openEngine({ provider, threads });
  const reporter = openReporter({ json });
  try {
    const { imageSize, heads } = flags;
    const sizes = { ...(imageSize && { imageSize }), ...(heads && { heads }) };
    const model = await readShownModel(flags.model, { ...sizes, json, signal: interruption });
    const dataset = await readTrainingData(flags.data, { ...recipe, ...fraction });
    const preprocessing = composeSteps(model.config.imageSize, model.preprocessing, flags);
    const notes = [
      ...engine.notes,
      ...model.notes,
      ...sayAssumedSteps(model, flags),
      ...dataset.notes,
      describeDataset(dataset),
    ];
    for (const message of notes) await reporter.report({ type: "note", message });
    const common = { model, dataset, preprocessing, method, recipe, engine, out };
    const choices = {
      skipBadImages: flags.skipBadImages ?? false,
      resume: flags.resume ?? false,
      signal: interruption,
    };
    for await (const event of train({ ...common, ...choices, baseId: await baseIdOf(flags.model) })) {
      await reporter.report(event);
      if (event.type === "stopped")
        throw new Interrupted(
          event.step === 0
            ? "Interrupted before the first step. Add --resume to go on."
            : `Interrupted at step ${event.step}; the state is saved. Add --resume to go on.`,
        );
    }
  } finally {
    reporter.close();
    await engine.close();
  }
}

function validationFraction({ validationFraction: fraction }: Flags): { fraction?: number } {
  if (fraction === undefined) return {};
  if (typeof fraction === "number" && fraction > 0 && fraction < 1) return { fraction };
  throw new InputError(
    `--validation-fraction must be a number above 0 and below 1, got ${showValue(fraction)}.`,
  );
}

/** With `last` nothing is held out: hyper-parameters are settled, and validation images are trained on as well. */
async function readTrainingData(
  root: string,
  { select, ...split }: { select: string; seed: number; fraction?: number },
): Promise<Dataset> {
  const dataset = await readDataset(root, { signal: interruption });
  if (select === "val") return splitTrainValidation(dataset, { ...split, signal: interruption });
  const { train: fit, val } = dataset.splits;
  if (val.length === 0) return dataset;
  const note = `Training on the ${val.length} validation images too, since --select last keeps the last epoch.`;
  return {
    ...dataset,
    splits: { ...dataset.splits, train: [...fit, ...val], val: [] },
    notes: [...dataset.notes, note],
  };
}
