/** rlrr predict: labels with probabilities for images and folders of images. */

import { stat } from "node:fs/promises";
import { Argument, Command, Option } from "commander";
import { findImages } from "../datasets/find-images.ts";
import { FileError, InputError } from "../errors.ts";
import { softmax, topK } from "../predict/metrics.ts";
import { displayWidth, renderTable } from "../table.ts";
import { classify } from "./classify.ts";
import { interruption } from "./exit.ts";
import { openModel } from "./open-model.ts";
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
An image that cannot be read is named on stderr; the others are still labelled, and the exit code is 2.`,
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

interface Prediction {
  readonly path: string;
  readonly labels: readonly { readonly label: string; readonly probability: number }[];
}

async function runPredict(paths: readonly string[], flags: Flags): Promise<void> {
  const files = await imagesIn(paths);
  const opened = await openModel(flags, { signal: interruption });
  for (const note of opened.notes) process.stderr.write(`${note}\n`);
  const { batchSize, threads, json = false } = flags;
  const asked = files.map((path) => ({ path, label: 0 }));
  const { examples, logits, bad } = await classify(opened, asked, {
    label: "predicting",
    json,
    batchSize,
    threads,
    skipBadImages: true,
  });
  const classes = opened.labels.length;
  const predictions = examples.map(({ path }, row) => {
    const probabilities = softmax(logits.subarray(row * classes, (row + 1) * classes));
    const best = topK(probabilities, flags.topK);
    return {
      path,
      labels: best.map((index) => ({
        label: opened.labels[index] ?? "",
        probability: probabilities[index] ?? 0,
      })),
    };
  });
  process.stdout.write(render(predictions, json ? "jsonl" : flags.format));
  if (bad.length > 0) throw new FileError(bad.map(({ reason }) => reason).join("\n"));
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

function render(predictions: readonly Prediction[], format: Flags["format"]): string {
  if (format === "jsonl")
    return predictions
      .map((prediction) => `${JSON.stringify({ type: "prediction", ...prediction })}\n`)
      .join("");
  if (format === "csv") {
    const rows = predictions.flatMap(({ path, labels }) =>
      labels.map(({ label, probability }, rank) =>
        [path, rank + 1, label, probability].map(csvCell).join(","),
      ),
    );
    return `${["file,rank,label,probability", ...rows].join("\n")}\n`;
  }
  if (predictions.length === 0) return "";
  const rows = predictions.flatMap(({ path, labels }) =>
    labels.map(({ label, probability }, rank) => [
      rank === 0 ? endOf(path) : "",
      label,
      `${(100 * probability).toFixed(1)} %`,
    ]),
  );
  const columns = [
    { title: "image", maxWidth: pathWidth },
    { title: "label" },
    { title: "probability", align: "right" },
  ] as const;
  return `${renderTable(columns, rows)}\n`;
}

const pathWidth = 60;

/** Of a long path the end tells more. */
const endOf = (path: string): string =>
  displayWidth(path) <= pathWidth ? path : `…${[...path].slice(1 - pathWidth).join("")}`;

/** RFC 4180: quoted where a comma, quote or line break is inside. */
const csvCell = (value: string | number): string => {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
