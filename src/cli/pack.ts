/** rlrr pack: one page that classifies images offline, for whoever has nothing installed. */

import { Command, Option } from "commander";
import { loadMethodFile, type PackOptions, packModel, renderPacked } from "../node.ts";
import { type EngineFlags, engineOptions, openChosenEngine } from "./engine-options.ts";
import { interruption } from "./exit.ts";
import { ownMethodOption } from "./method-options.ts";
import { headsOption, jsonOption, modelOption, withOptions } from "./options.ts";
import { print, say, tell } from "./output.ts";
import { showImages } from "./show-images.ts";
import { showReading } from "./show-reading.ts";

export const packCommand = (): Command =>
  withOptions(
    new Command("pack")
      .description("pack a model into one page that classifies images offline, in a browser")
      .argument("<source>", "a run of rlrr train, its adapter folder, or a model"),
    [
      new Option("--out <file>", "a new file that ends in .html, or in .zip").makeOptionMandatory(),
      modelOption("the base of an adapter (default: the one that it was trained on)"),
      new Option(
        "--precision <name>",
        "of the weights; the lower, the smaller the page (default: fp32)",
      ).choices([...["fp32", "fp16", "int8", "int8-static"]]),
      new Option("--data <path>", "images to compare on (default: those that validated the adapter)"),
      new Option("--split <name>", "split of the images to compare on").choices(["train", "val", "test"]),
      new Option("--accept-loss", "keep a model that gives another label for more than 0.3 % of the images"),
      ownMethodOption(),
      headsOption(),
      ...engineOptions(),
      jsonOption(),
    ],
  )
    .addHelpText(
      "after",
      `
The page holds the model, its labels, its preprocessing and ONNX Runtime Web, which is to be
installed first: npm install --ignore-scripts onnxruntime-web@1.30

Examples:
  rlrr pack runs/flowers --out flowers.html
  rlrr pack runs/flowers --precision fp16 --data flowers/ --split test --out flowers.zip`,
    )
    .action(runPack);

interface Flags
  extends EngineFlags,
    Pick<PackOptions, "model" | "precision" | "data" | "split" | "acceptLoss" | "heads"> {
  readonly out: string;
  /** A file that defines the adapter's method. */
  readonly method?: string;
  readonly json?: boolean;
}

async function runPack(source: string, flags: Flags): Promise<void> {
  const { out, method: file, json = false, provider: _, threads, ...named } = flags;
  const method = file === undefined ? undefined : await loadMethodFile(file);
  const [reading, images] = [showReading({ json }), showImages({ json })];
  const engine = await openChosenEngine(flags);
  try {
    const packed = await packModel(source, out, {
      ...{ ...named, method, engine, threads, signal: interruption },
      ...{ onProgress: reading.show, onCompare: images.show, onNote: tell },
    });
    images.close();
    if (json) await print(`${JSON.stringify({ type: "packed", ...packed })}\n`);
    else await say(renderPacked(packed));
  } finally {
    reading.close();
    images.close();
    await engine.close();
  }
}
