/** rlrr predict: labels with probabilities for images and folders of images. */

import { Argument, Command, Option } from "commander";
import { agreementFields, describeAgreement, FileError, InputError } from "../index.ts";
import { files, findImages, type LoadedModel } from "../node.ts";
import { engineOptions } from "./engine-options.ts";
import { interruption } from "./exit.ts";
import { ownMethodOption } from "./method-options.ts";
import {
  adaptersOption,
  batchSizeOption,
  flagOf,
  headsOption,
  jsonOption,
  modelHelp,
  modelOption,
  precisionOption,
  wholeNumberOption,
  withOptions,
} from "./options.ts";
import { print, tell } from "./output.ts";
import { predictionForm } from "./prediction-form.ts";
import { chooseProgressMode, openProgress } from "./progress.ts";
import { loadShown, type ModelFlags } from "./show-loading.ts";
import { slowly } from "./slow-progress.ts";

export const predictCommand = (): Command =>
  withOptions(new Command("predict").description("labels and probabilities for images"), [
    adaptersOption(),
    modelOption(
      "the base (default: the one the adapter was trained on); without an adapter, the model's own head answers",
    ),
    wholeNumberOption("--top-k <n>", "labels per image").default(5),
    new Option(
      "--none-of-these",
      "answer none of these for images unlike all classes, instead of marking their labels",
    ),
    new Option("--format <kind>", "output format; --json means jsonl")
      .choices(["table", "csv", "jsonl"])
      .default("table"),
    ownMethodOption(),
    headsOption(),
    batchSizeOption(),
    precisionOption(),
    ...engineOptions(),
    jsonOption(),
  ])
    .addArgument(new Argument("<images...>", "image files, or folders searched for them"))
    .addHelpText(
      "after",
      `${modelHelp}

Examples:
  rlrr predict --adapter runs/flowers garden.jpg
  rlrr predict --adapter runs/flowers holiday/ --top-k 1 --format csv > labels.csv
Results are printed as they are computed. An image that cannot be read is named on
stderr, and in JSON; the others are still labelled, and the exit code is 2.
In CSV, a cell that begins with = + - @, a tab or a line break gets a ' in
front, so that no spreadsheet runs the name of a file as a formula.`,
    )
    .action(runPredict);

interface Flags extends ModelFlags {
  readonly topK: number;
  readonly noneOfThese?: boolean;
  readonly format: "table" | "csv" | "jsonl";
}

async function runPredict(paths: readonly string[], flags: Flags): Promise<void> {
  const { json = false, topK, noneOfThese = false } = flags;
  const files = await imagesIn(paths);
  const model = await loadShown(flags, { expectedImages: files.length });
  const tellsUnknown = model.adapter?.unknown !== undefined;
  if (noneOfThese && !tellsUnknown) {
    await model.close();
    throw new InputError(sayNoThreshold);
  }
  const form = predictionForm(json ? "jsonl" : flags.format, {
    ...{ files, labels: model.labels, columns: process.stdout.columns, tellsUnknown, noneOfThese },
  });
  // On one terminal the rows themselves show how far it is.
  const own = process.stdout.isTTY && process.stderr.isTTY;
  const progress = openProgress({ mode: own ? "none" : chooseProgressMode(process.stderr, { json }) });
  const show = slowly(progress, { label: "predicting" });
  let [done, skipped, header] = [0, 0, form.header];
  try {
    for await (const { image, labels, unknown, error } of model.predict(files, {
      topK,
      signal: interruption,
    })) {
      show(++done, files.length);
      if (error) {
        skipped++;
        progress.print(`skipped: ${error.messageWith(flagOf)}`);
      }
      const path = String(image);
      const text = error
        ? form.skipped([{ path, reason: error.messageWith(flagOf) }])
        : form.row({ path, labels, unknown });
      if (text === "") continue;
      if (!(await print(header + text))) return;
      header = "";
    }
    progress.close();
    await sayAgreement(model, { of: files.length - skipped, json: json || flags.format === "jsonl" });
  } finally {
    progress.close();
    await model.close();
  }
  if (skipped === 0) return;
  throw new FileError(
    skipped === files.length
      ? "None of the images can be read; each is named above."
      : `${skipped} of ${files.length} images got no label, since they cannot be read; they are named above.`,
  );
}

/** People are told on standard error, so that a table or CSV holds nothing else. */
async function sayAgreement(
  { agreement }: LoadedModel,
  { of, json }: { readonly of: number; readonly json: boolean },
): Promise<void> {
  if (!agreement) return;
  if (json)
    await print(
      `${JSON.stringify({ type: "agreement", precision: "int8", of, ...agreementFields(agreement) })}
`,
    );
  else tell(describeAgreement(agreement, { of }));
}

const sayNoThreshold =
  "--none-of-these needs an adapter with a threshold, and this one has none: training sets it on 19 validation images or more.";

/** Files as they are named; folders as the images below them. */
async function imagesIn(paths: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const entry = await files.statOf(path);
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
