/** rlrr train: adapts a model to labelled images. */

import { basename, resolve } from "node:path";
import { Command, Option } from "commander";
import {
  chooseMethod,
  defaultMethod,
  InputError,
  methods,
  preprocessing,
  type RecipeInput,
  type StepChoices,
} from "../index.ts";
import { namedRecipe, recipeNames, replaceIn, train } from "../node.ts";
import { type EngineFlags, engineOptions } from "./engine-options.ts";
import { Interrupted, interruption } from "./exit.ts";
import {
  helpOfMethod,
  methodOption,
  methodSettingOptions,
  methodSettings,
  resolveMethod,
  settingFlag,
} from "./method-options.ts";
import {
  dataHelp,
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
import { openReporter } from "./report-training.ts";
import { showReading } from "./show-reading.ts";

const recipeOptions = [
  new Option(
    "--recipe <name>",
    "what decides options that are not given: default follows the data and says what it chose, official is the published recipe; official-vtab, official-fgvc and official-fgvc-aug are the official scripts', set by set, by the name of the folder of --data (default: default)",
  ).choices(recipeNames),
  numberOption(
    "--epochs <n>",
    "passes over the training images; 0 is the linear probe alone (default: as suits the data; official: 100)",
  ),
  numberOption("--batch-size <n>", "images per optimizer step (default: as suits the data; official: 32)"),
  numberOption("--micro-batch-size <n>", "images per run of the graph (default: as memory allows)"),
  numberOption("--learning-rate <x>", "top of the schedule (default: the method's own)"),
  numberOption("--min-learning-rate <x>", "end of the schedule (default: 1e-8)"),
  numberOption("--warmup-learning-rate <x>", "start of the warm-up (default: 1e-7)"),
  numberOption("--warmup-epochs <n>", "epochs of warm-up (default: a tenth of all epochs)"),
  new Option(
    "--schedule <kind>",
    "learning rate over epochs; cosine-restarts starts again after each cycle (default: cosine)",
  ).choices(["cosine", "linear", "constant", "cosine-restarts"]),
  numberOption("--restart-epochs <n>", "epochs of the first cycle of cosine-restarts (default: 10)"),
  numberOption(
    "--restart-factor <n>",
    "how many times longer each cycle is than the one before it (default: 2)",
  ),
  numberOption("--weight-decay <x>", "weight decay of AdamW (default: 1e-4)"),
  numberOption("--clip-norm <x>", "clip gradients to this norm (default: off)"),
  numberOption("--dropout <p>", "dropout in residual branches, as in the official code (default: 0)"),
  numberOption("--drop-path <p>", "drop whole residual branches: stochastic depth (default: 0)"),
  numberOption("--consistency <lambda>", "PACE: penalise how far two noisy passes differ (default: 0, off)"),
  numberOption("--consistency-noise <sigma>", "std of that noise in the first block (default: 0.5)"),
  numberOption("--label-smoothing <x>", "label smoothing (default: 0.1; official: 0)"),
  numberOption(
    "--mixup <alpha>",
    "blend pairs of images and their labels, in shares of a beta distribution; 0.8 is usual (default: 0, off)",
  ),
  numberOption(
    "--cutmix <alpha>",
    "put a box of one image into another, and mix their labels so; with --mixup each has half of the steps; 1 is usual (default: 0, off)",
  ),
  numberOption(
    "--ema-decay <x>",
    "validate and keep an average of the weights over about 1 / (1 - x) steps; of few steps much is still the start (default: 0, off)",
  ),
  numberOption(
    "--blend <share>",
    "validate and keep weights so far between their start and the trained ones: 1 is all of training (default: the method's own; without one 0.5 from a probe on less than 100 images, else 1)",
  ),
  new Option(
    "--class-weights <kind>",
    "weigh rare classes more (default: balanced where classes are uneven; official: none)",
  ).choices(["none", "balanced"]),
  new Option(
    "--precision <kind>",
    "int8 computes the large matrix products of training in 8 bits, which is faster and less exact; evaluation and merging stay fp32 (default: fp32)",
  ).choices(["fp32", "int8"]),
  numberOption("--seed <n>", "random seed (default: 42)"),
  new Option(
    "--select <epoch>",
    "keep the latest epoch that validation cannot tell from the best, the best one, or train on validation images too and keep the last (default: latest; official: val)",
  ).choices(["latest", "val", "last"]),
  numberOption(
    "--folds <n>",
    "cross-validate over n folds instead of holding images out, then train on all; 0 is off (default: 4 below 100 images without validation images; official: 0)",
  ),
  new Option(
    "--start <head>",
    "head of zeros, as published, a linear probe on frozen features, or the model's own head (rlrr zero-shot makes one of prompts); the latter two are kept where no epoch is better; with --continue-from that of new classes alone (default: probe; official: zero)",
  ).choices(["zero", "probe", "head"]),
  new Option(
    "--schedule-unit <unit>",
    "move the learning rate after each epoch, as published, or after each step (default: step; official: epoch)",
  ).choices(["epoch", "step"]),
  numberOption(
    "--patience <n>",
    "stop after this many epochs without improvement; 0 is never (default: half of the epochs, 5 at least, by latest; else 0)",
  ),
];
const imageOptions = [
  wholeNumberOption("--image-size <pixels>", "image size in pixels (default: the model's)"),
  new Option(
    "--resize <how>",
    "squash both sides, or keep the aspect ratio and crop (default: the model's, else squash)",
  ).choices(["squash", "short"]),
  new Option("--interpolation <filter>", "resampling filter (default: the model's, else bicubic)").choices(
    preprocessing.filters,
  ),
  new Option(
    "--crop <how>",
    "crop of training images (default: random-resized of 30 % of the area or more; official: the model's, else none, or center with --resize short)",
  ).choices(["none", "center", "random", "random-resized"]),
  numberOption(
    "--crop-scale <x>",
    "smallest share of the area that a random-resized crop takes (default: 0.08)",
  ),
  new Option("--flip", "flip half of the training images left to right"),
  numberOption(
    "--rand-augment <magnitude>",
    "RandAugment: two random changes of colours and place for each training image, the stronger the higher; 9 is usual (default: off)",
  ),
  new Option("--normalize <values>", "mean and std of colours (default: the model's, else half)").choices([
    "half",
    "imagenet",
  ]),
];

export const trainCommand = (): Command =>
  withOptions(
    new Command("train")
      .description("adapt a model to labelled images; writes an adapter")
      .configureHelp(helpOfMethod()),
    [
      modelOption(
        "the pre-trained model (default: tiny, small or base, by cores and memory; with --continue-from, the adapter's base)",
      ),
      headsOption(),
      new Option("--data <path>", "the labelled images"),
      new Option("--out <folder>", "folder for the run and its adapter").makeOptionMandatory(),
      new Option(
        "--continue-from <folder>",
        "start from the adapter of this run instead of the pre-trained model: with more images, new classes or corrected labels; base, method, image size and preprocessing stay its own",
      ),
      new Option("--drop-classes", "leave classes that the data lacks out of the continued head"),
      numberOption(
        "--validation-fraction <x>",
        "share of the training images held out where the data has no validation split (default: 0.2)",
      ),
      new Option("--skip-bad-images", "skip damaged images instead of stopping"),
      new Option("--keep-epochs", "keep the adapter of every epoch too, in the folder epochs of the run"),
      new Option("--tensorboard", "write events for TensorBoard into the folder tensorboard of the run"),
      new Option("--resume", "continue the run in --out; no other option is needed"),
      new Option(
        "--memory <size>",
        "what the process may take at its peak, such as 4GB: by it go the images per run of the graph, and whether blocks are computed again for their gradients, which is slower; image decoders are beside it (default: the machine's)",
      ),
      ...engineOptions(),
      jsonOption(),
      ...inGroup("Method:", [methodOption(`(default: ${defaultMethod})`), ...methodSettingOptions()]),
      ...inGroup("Training:", recipeOptions),
      ...inGroup("Images:", imageOptions),
    ],
  )
    .addHelpText(
      "after",
      `${modelHelp}${dataHelp}

Examples:
  rlrr train --data flowers/ --out runs/flowers
  rlrr train --model vit-b16.npz --data flowers/ --out runs/flowers --epochs 20 --flip
  rlrr train --model google/vit-base-patch16-224-in21k --data cub/ --out runs/cub --learning-rate 3e-3 --dropout 0.1
  rlrr train --model vit.safetensors --data photos/ --out runs/probe --method linear
  rlrr train --continue-from runs/flowers --data more-flowers/ --out runs/more-flowers
  rlrr train --resume --out runs/flowers
  rlrr train --method lora --help
Ctrl-C saves the state; --resume continues with identical results.`,
    )
    .action(runTrain);

interface Flags extends RecipeInput, StepChoices, EngineFlags {
  readonly recipe?: string;
  readonly model?: string;
  readonly continueFrom?: string;
  readonly dropClasses?: boolean;
  readonly data?: string;
  readonly out: string;
  readonly method?: string;
  readonly heads?: number;
  readonly imageSize?: number;
  readonly validationFraction?: number | string;
  readonly skipBadImages?: boolean;
  readonly keepEpochs?: boolean;
  readonly tensorboard?: boolean;
  readonly resume?: boolean;
  readonly memory?: string;
  readonly json?: boolean;
}

async function runTrain(flags: Flags): Promise<void> {
  const { json = false, provider, threads, model, data, out } = flags;
  const { heads, imageSize, skipBadImages, resume, continueFrom, dropClasses, memory } = flags;
  const { keepEpochs, tensorboard } = flags;
  if (data === undefined && !resume)
    throw new InputError("required option '--data <path>' not specified; only --resume does without.");
  const name = flags.method === undefined ? undefined : await resolveMethod(flags.method);
  const method = { ...(name !== undefined && { name }), options: methodSettings(flags) };
  // A resumed run knows its method, and so does one that continues from an adapter.
  if (name !== undefined || !(resume || continueFrom !== undefined))
    chooseMethod({ name: defaultMethod, ...method }, "--method", { nameOf: settingFlag });
  const named = namedFor(flags);
  const reporter = openReporter({ json });
  const progress = showReading({ json });
  try {
    const events = train({
      ...{
        model,
        data,
        out,
        method,
        images: { ...named.images, ...givenFlags(flags, imageOptions) },
        provider,
        threads,
        heads,
        imageSize,
        skipBadImages,
        keepEpochs,
        tensorboard,
        resume,
        memory,
        continueFrom,
        dropClasses,
      },
      recipe: replaceIn(named.recipe, withoutName(givenFlags(flags, recipeOptions))),
      validationFraction: flags.validationFraction as number | undefined, // text too, for training to refuse
      signal: interruption,
      onProgress: progress.show,
    });
    for await (const event of events) {
      await reporter.report(event);
      if (event.type === "stopped") throw new Interrupted(sayStopped(event.step, flags));
    }
  } finally {
    progress.close();
    reporter.close();
  }
}

/** What `--recipe` says of this data; nothing where it is left out, as a resumed run knows its own. */
function namedFor({ recipe: name, data }: Flags): ReturnType<typeof namedRecipe> {
  if (name === undefined) return { recipe: {}, images: {} };
  if (data === undefined && name.includes("-"))
    throw new InputError(
      `--recipe ${name} goes by the name of the folder of --data. Give that too; a resumed run knows its recipe without both.`,
    );
  return namedRecipe(name, { data: basename(resolve(data ?? "")), where: "--recipe" });
}

const withoutName = ({ recipe: _, ...options }: Readonly<Record<string, unknown>>): RecipeInput => options;

/** With the whole command that continues: only a method of the user's own has to be named again. */
function sayStopped(step: number, { out, method }: Flags): string {
  if (step === 0) return "Interrupted before the first step. Add --resume to continue.";
  const known = methods.some(({ name }) => name === (method ?? defaultMethod));
  const own = known ? [] : ["--method", method ?? ""];
  const words = ["rlrr train --resume --out", quoted(out), ...own.map(quoted)].join(" ");
  return `Interrupted at step ${step}; the state is saved. To continue:\n  ${words}`;
}

/** As a shell needs it. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
