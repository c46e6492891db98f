/** rlrr zero-shot: a CLIP or SigLIP becomes a classifier without training, of prompts of its classes. */

import { Command, Option } from "commander";
import { readClassNames, type ZeroShotModel, zeroShot } from "../node.ts";
import { type EngineFlags, engineOptions, openChosenEngine } from "./engine-options.ts";
import { interruption } from "./exit.ts";
import { dataHelp, headsOption, jsonOption, modelOption, withOptions } from "./options.ts";
import { print, say, tell } from "./output.ts";
import { showReading } from "./show-reading.ts";

export const zeroShotCommand = (): Command =>
  withOptions(
    new Command("zero-shot").description(
      "make a classifier of a CLIP or SigLIP without training, of prompts of its classes",
    ),
    [
      modelOption("a CLIP or SigLIP: a folder, a weights file or a hub id").makeOptionMandatory(),
      new Option("--classes <names>", "names with commas between them, or a .txt file with one a line"),
      new Option("--data <path>", "or labelled images, whose classes they are"),
      new Option(
        "--template <text>",
        "a prompt with {} for the name of the class; given again, the features of all are averaged (default: a photo of a {}.)",
      ).argParser((text: string, before: readonly string[] | undefined) => [...(before ?? []), text]),
      new Option("--prompts <file.json>", 'prompts of each class: {"cat": ["a photo of a cat."], …}'),
      new Option("--text-model <model>", "the whole model, where --model is its image tower alone"),
      new Option(
        "--text-features <file>",
        "a .safetensors or .npz file with a matrix [classes, features] instead of a text tower",
      ),
      headsOption(),
      new Option("--out <folder>", "where the classifier goes").makeOptionMandatory(),
      ...engineOptions(),
      jsonOption(),
    ],
  )
    .addHelpText(
      "after",
      `${dataHelp}

Examples:
  rlrr zero-shot --model openai/clip-vit-base-patch16 --data photos/ --out photos-clip
  rlrr evaluate --model photos-clip --data photos/
  rlrr train --model photos-clip --data photos/ --start head --out runs/photos
The first makes a model whose head is the text tower's answer to "a photo of a CLASS.": no image is looked at.
The last goes on from there: training begins with that head, and its result is never worse on validation images.
The text tower reads words by the tokenizer.json in the model's folder. SigLIP's prompt is "This is a photo of CLASS.".`,
    )
    .action(runZeroShot);

interface Flags extends EngineFlags {
  readonly model: string;
  readonly classes?: string;
  readonly data?: string;
  readonly template?: readonly string[];
  readonly prompts?: string;
  readonly textModel?: string;
  readonly textFeatures?: string;
  readonly heads?: number;
  readonly out: string;
  readonly json?: boolean;
}

async function runZeroShot(flags: Flags): Promise<void> {
  const { model, classes, data, template: templates, prompts, textModel, textFeatures, heads } = flags;
  const { out, json = false } = flags;
  const progress = showReading({ json });
  const engine = await openChosenEngine(flags);
  try {
    const made = await zeroShot({
      ...{ model, data, templates, prompts, textModel, textFeatures, heads, out, engine },
      ...(classes !== undefined && { classes: await namesOf(classes) }),
      ...{ signal: interruption, onProgress: progress.show },
    });
    progress.close();
    for (const note of made.notes) tell(note);
    if (json) await print(`${JSON.stringify({ type: "zero-shot", ...made })}\n`);
    else await say(renderMade(made));
  } finally {
    progress.close();
    await engine.close();
  }
}

const namesOf = async (text: string): Promise<readonly string[]> =>
  /\.txt$/i.test(text) ? readClassNames(text) : text.split(",").map((name) => name.trim());

function renderMade({ path, classes, prompts, scale }: ZeroShotModel): string {
  const count = `${classes.length.toLocaleString("en")} classes`;
  const [first] = prompts?.[0] ?? [];
  const [name] = classes;
  const from =
    first === undefined
      ? "features of a file"
      : `${(prompts ?? []).flat().length.toLocaleString("en")} prompts, such as ${JSON.stringify(first)} for ${name}`;
  return [
    `${path} is a classifier of ${count}, from ${from}. Its logits are cosines times ${scale.toPrecision(4)}.`,
    `See how good it is: rlrr evaluate --model ${path} --data DATA`,
    `Train from there:   rlrr train --model ${path} --data DATA --start head --out RUN`,
  ].join("\n");
}
