/** rlrr train: adapts a model to labelled images. */

import { basename, resolve } from "node:path";
import { Command, Option } from "commander";
import {
  chooseMethod,
  defaultMethod,
  InputError,
  methods,
  type RecipeInput,
  type StepChoices,
} from "../index.ts";
import { namedRecipe, replaceIn, train } from "../node.ts";
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
  withOptions,
} from "./options.ts";
import { openReporter } from "./report-training.ts";
import { showReading } from "./show-reading.ts";
import { imageOptions, recipeOptions } from "./train-options.ts";

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
