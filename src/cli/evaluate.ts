/** rlrr evaluate: how well a model, adapted or not, does on labelled images. */

import { Command, Option } from "commander";
import { evaluationRecords, renderEvaluation } from "../index.ts";
import { type BadImage, files, type Split } from "../node.ts";
import { engineOptions } from "./engine-options.ts";
import { interruption } from "./exit.ts";
import { ownMethodOption } from "./method-options.ts";
import {
  adaptersOption,
  batchSizeOption,
  dataHelp,
  headsOption,
  jsonOption,
  modelHelp,
  modelOption,
  precisionOption,
  withOptions,
} from "./options.ts";
import { print, say, tell } from "./output.ts";
import { skippedLines } from "./prediction-form.ts";
import { showImages } from "./show-images.ts";
import { loadShown, type ModelFlags } from "./show-loading.ts";

export const evaluateCommand = (): Command =>
  withOptions(
    new Command("evaluate").description("accuracy, per-class scores and confusions on labelled images"),
    [
      adaptersOption(),
      modelOption(
        "the base (default: the one the adapter was trained on); without an adapter, the model's own head answers",
      ),
      new Option("--data <path>", "the labelled images").makeOptionMandatory(),
      new Option(
        "--split <name>",
        "split to evaluate (default: test if there is one, else val, else the images that the adapter was not trained on)",
      ).choices(["train", "val", "test"]),
      new Option("--report <file.html>", "write an HTML page that shows the mistakes"),
      new Option("--skip-bad-images", "skip damaged images instead of stopping"),
      ownMethodOption(),
      headsOption(),
      batchSizeOption(),
      precisionOption(),
      ...engineOptions(),
      jsonOption(),
    ],
  )
    .addHelpText(
      "after",
      `${modelHelp}${dataHelp}

Examples:
  rlrr evaluate --adapter runs/flowers --data flowers/ --report flowers.html
  rlrr evaluate --model merged/ --data flowers/ --split val --json`,
    )
    .action(runEvaluate);

interface Flags extends ModelFlags {
  readonly data: string;
  readonly split?: Split;
  readonly report?: string;
  readonly skipBadImages?: boolean;
}

async function runEvaluate(flags: Flags): Promise<void> {
  const { json = false, data, split, report, skipBadImages } = flags;
  if (report !== undefined) await files.checkReportFile(report);
  const model = await loadShown(flags);
  const progress = showImages({ json });
  const skipped: BadImage[] = [];
  try {
    const evaluation = await model.evaluate(data, {
      ...{ split, report, skipBadImages, signal: interruption, onNote: tell },
      onSkipped: (image) => {
        skipped.push(image);
        progress.print(`skipped: ${image.reason}`);
      },
      onProgress: progress.show,
    });
    progress.close();
    const { examples } = evaluation;
    if (skipped.length > 0)
      tell(
        `${skipped.length} of ${skipped.length + examples.length} images cannot be read and were left out.`,
      );
    if (json) {
      await print(
        skippedLines(skipped) +
          evaluationRecords(evaluation)
            .map((record) => `${JSON.stringify(record)}\n`)
            .join(""),
      );
      return;
    }
    if (report !== undefined) await say(`The report is ${report}.`);
    await say(renderEvaluation(evaluation));
  } finally {
    progress.close();
    await model.close();
  }
}
