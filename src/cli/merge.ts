/** rlrr merge: base and adapter become one plain model, verified to give the same logits. */

import { Command, Option } from "commander";
import { loadMethodFile, type MergedModel, merge } from "../node.ts";
import { type EngineFlags, engineOptions, openChosenEngine } from "./engine-options.ts";
import { interruption } from "./exit.ts";
import { ownMethodOption } from "./method-options.ts";
import { jsonOption, modelHelp, modelOption, withOptions } from "./options.ts";
import { print, say } from "./output.ts";
import { showReading } from "./show-reading.ts";

export const mergeCommand = (): Command =>
  withOptions(
    new Command("merge").description(
      "merge an adapter into its base model, so that inference costs nothing extra",
    ),
    [
      new Option(
        "--adapter <name>",
        "a run of rlrr train, its adapter folder, or an adapter's hub id",
      ).makeOptionMandatory(),
      modelOption("the base (default: the one the adapter was trained on)"),
      ownMethodOption(),
      new Option(
        "--out <folder>",
        "where the model goes: config.json, preprocessor_config.json, model.safetensors",
      ).makeOptionMandatory(),
      ...engineOptions(),
      jsonOption(),
    ],
  )
    .addHelpText(
      "after",
      `${modelHelp}

Examples:
  rlrr merge --adapter runs/flowers --out flowers-vit
  rlrr predict --model flowers-vit garden.jpg
The folder is in Hugging Face's format, which transformers and this program read; for others there is rlrr export.`,
    )
    .action(runMerge);

interface Flags extends EngineFlags {
  readonly adapter: string;
  readonly model?: string;
  /** A file that defines the adapter's method. */
  readonly method?: string;
  readonly out: string;
  readonly json?: boolean;
}

async function runMerge(flags: Flags): Promise<void> {
  const { adapter, model, out, json = false } = flags;
  const method = flags.method === undefined ? undefined : await loadMethodFile(flags.method);
  const progress = showReading({ json });
  const engine = await openChosenEngine(flags);
  try {
    const merged = await merge(adapter, out, {
      ...{ model, method, engine, signal: interruption, onProgress: progress.show },
    });
    if (json) await print(`${JSON.stringify({ type: "merged", ...merged })}\n`);
    else await say(renderMerged(merged));
  } finally {
    progress.close();
    await engine.close();
  }
}

export const renderMerged = ({ path, difference, notes }: MergedModel): string =>
  [
    difference === 0
      ? `${path} is a plain model. Its logits are the adapted model's to the last bit.`
      : `${path} is a plain model. Its logits differ from the adapted model's by ${difference.toExponential(1)} of their size: float32 rounding.`,
    ...notes,
  ].join("\n");
