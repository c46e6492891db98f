/** rlrr predict: labels with probabilities for images and folders of images. */

import { stat } from "node:fs/promises";
import { Argument, Command, Option } from "commander";
import type { Example } from "../datasets/dataset.ts";
import { findImages } from "../datasets/find-images.ts";
import { FileError, InputError } from "../errors.ts";
import { softmax, topK } from "../predict/metrics.ts";
import { classify } from "./classify.ts";
import { interruption } from "./exit.ts";
import { type Opened, openModel } from "./open-model.ts";
import {
  batchSizeOption,
  headsOption,
  jsonOption,
  modelHelp,
  modelOption,
  threadsOption,
  wholeNumberOption,
  withOptions,
} from "./options.ts";
import { print, tell } from "./output.ts";
import { type Prediction, predictionForm } from "./prediction-form.ts";

export const predictCommand = (): Command =>
  withOptions(new Command("predict").description("labels and probabilities for images"), [
    new Option("--adapter <folder>", "a run of rlrr train, or its adapter folder"),
    modelOption(
      "the base (default: the one the adapter was trained on); without an adapter, the model's own head answers",
    ),
    wholeNumberOption("--top-k <n>", "labels an image").default(5),
    new Option("--format <kind>", "how to print; --json is jsonl")
      .choices(["table", "csv", "jsonl"])
      .default("table"),
    headsOption(),
    batchSizeOption(),
    threadsOption(),
    jsonOption(),
  ])
    .addArgument(new Argument("<images...>", "image files, or folders searched for them"))
    .addHelpText(
      "after",
      `${modelHelp}

Examples:
  rlrr predict --adapter runs/flowers garden.jpg
  rlrr predict --adapter runs/flowers holiday/ --top-k 1 --format csv > labels.csv
Results are printed as they come. An image that cannot be read is named on
stderr, and in JSON; the others are still labelled, and the exit code is 2.
In CSV, a cell that begins with = + - @, a tab or a line break gets a ' in
front, so that no spreadsheet runs the name of a file as a formula.`,
    )
    .action(runPredict);

interface Flags {
  readonly adapter?: string;
  readonly model?: string;
  readonly topK: number;
  readonly format: "table" | "csv" | "jsonl";
  readonly heads?: number;
  readonly batchSize?: number;
  readonly threads?: number;
  readonly json?: boolean;
}

async function runPredict(paths: readonly string[], flags: Flags): Promise<void> {
  const files = await imagesIn(paths);
  const opened = await openModel(flags, { signal: interruption });
  for (const note of opened.notes) tell(note);
  const { batchSize, threads, json = false } = flags;
  const form = predictionForm(json ? "jsonl" : flags.format, {
    files,
    labels: opened.labels,
    columns: process.stdout.columns,
  });
  const asked = files.map((path) => ({ path, label: 0 }));
  const batches = classify(opened, asked, {
    ...{ label: "predicting", json, batchSize, threads, skipBadImages: true },
    // On one terminal the rows themselves show how far it is.
    progressMode: process.stdout.isTTY && process.stderr.isTTY ? "none" : undefined,
  });
  let [skipped, header] = [0, form.header];
  for await (const { examples, logits, bad } of batches) {
    skipped += bad.length;
    const rows = labelled(examples, { logits, opened, topK: flags.topK }).map(form.row);
    const text = rows.join("") + form.skipped(bad);
    if (text === "") continue;
    if (!(await print(header + text))) return;
    header = "";
  }
  if (skipped === 0) return;
  throw new FileError(
    skipped === files.length
      ? "None of the images can be read; each is named above."
      : `${skipped} of ${files.length} images got no label, since they cannot be read; they are named above.`,
  );
}

interface Answers {
  /** [examples, classes] */
  readonly logits: Float32Array;
  readonly opened: Opened;
  readonly topK: number;
}

function labelled(examples: readonly Example[], { logits, opened, topK: count }: Answers): Prediction[] {
  const classes = opened.labels.length;
  return examples.map(({ path }, row) => {
    const probabilities = softmax(logits.subarray(row * classes, (row + 1) * classes));
    if (!probabilities.every(Number.isFinite)) throw new FileError(sayNotFinite(path, opened));
    const labels = topK(probabilities, count).map((index) => ({
      label: opened.labels[index] as string,
      probability: probabilities[index] as number,
    }));
    return { path, labels };
  });
}

/** Pixels are whole numbers of a byte, so only weights can be the cause. */
function sayNotFinite(path: string, { model, adapter }: Opened): string {
  const whose = adapter ? `${model.id} or of the adapter` : model.id;
  return `${path}: the model's answer is NaN or infinite, not a probability. The weights of ${whose} are damaged; get them again, or train again with a lower learning rate.`;
}

/** Files as they are named; folders as the images below them. */
async function imagesIn(paths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const entry = await stat(path).catch(() => undefined);
    if (!entry) throw new InputError(`${path}: there is no such file or folder.`);
    if (!entry.isDirectory()) found.push(path);
    else {
      const { images } = await findImages(path, { signal: interruption });
      if (images.length === 0) throw new InputError(`${path}: no images in this folder.`);
      found.push(...images);
    }
  }
  return found;
}
