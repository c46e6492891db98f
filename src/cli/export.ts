/** rlrr export: a model or an adapter for another runtime, compared with the original on images before it is kept. */

import { Command, Option } from "commander";
import { type ExportOptions, exportModel, loadMethodFile, renderExported } from "../node.ts";
import { type EngineFlags, engineOptions, openChosenEngine } from "./engine-options.ts";
import { interruption } from "./exit.ts";
import { ownMethodOption } from "./method-options.ts";
import { dataHelp, headsOption, jsonOption, modelHelp, modelOption, withOptions } from "./options.ts";
import { print, say, tell } from "./output.ts";
import { showImages } from "./show-images.ts";
import { showReading } from "./show-reading.ts";

export const exportCommand = (): Command =>
  withOptions(
    new Command("export")
      .description("write a model or an adapter for another runtime, and compare it there")
      .argument("<source>", "a run of rlrr train, its adapter folder, or a model"),
    [
      new Option("--to <target>", "what it is for")
        .choices(["onnx", "transformers.js", "safetensors", "timm", "peft", "openvino-ready"])
        .makeOptionMandatory(),
      new Option("--out <folder>", "where it goes, a new or an empty folder").makeOptionMandatory(),
      modelOption("the base of an adapter (default: the one that it was trained on)"),
      new Option(
        "--precision <list>",
        "of fp32,fp16,int8,int8-static, a file for each (default: fp32; transformers.js: all that lose nothing)",
      ).argParser((text: string) => text.split(",").map((one) => one.trim())),
      new Option("--weights <place>", "inside the ONNX file, or beside it (default: inside)").choices([
        "inside",
        "beside",
      ]),
      new Option(
        "--preprocess-inside",
        "let the ONNX file take whole images and prepare them itself (default for transformers.js)",
      ),
      new Option("--no-preprocess-inside", "let it take prepared images"),
      new Option("--data <path>", "images to compare on (default: those that validated the adapter)"),
      new Option("--split <name>", "split of the images to compare on").choices(["train", "val", "test"]),
      new Option("--accept-loss", "keep a file that gives another label for more than 0.3 % of the images"),
      ownMethodOption(),
      headsOption(),
      ...engineOptions(),
      jsonOption(),
    ],
  )
    .addHelpText(
      "after",
      `${modelHelp}${dataHelp}
To compare, a folder of images without labels will do.

Examples:
  rlrr export runs/flowers --to onnx --out flowers-onnx
  rlrr export runs/flowers --to onnx --precision fp32,fp16,int8 --data flowers/ --split test --out flowers-onnx
  rlrr export runs/flowers --to transformers.js --out flowers-js
Before the folder is kept, each file runs on the images; the result is printed, and written into its README.md.`,
    )
    .action(runExport);

type Named = "to" | "model" | "precision" | "weights" | "preprocessInside" | "data" | "split" | "acceptLoss";

interface Flags extends EngineFlags, Pick<ExportOptions, Named | "heads"> {
  readonly out: string;
  /** A file that defines the adapter's method. */
  readonly method?: string;
  readonly json?: boolean;
}

async function runExport(source: string, flags: Flags): Promise<void> {
  const { out, method: file, json = false, provider: _, threads: __, ...named } = flags;
  const method = file === undefined ? undefined : await loadMethodFile(file);
  const [reading, images] = [showReading({ json }), showImages({ json })];
  const engine = await openChosenEngine(flags);
  try {
    const exported = await exportModel(source, out, {
      ...{ ...named, method, engine, threads: flags.threads, signal: interruption },
      ...{ onProgress: reading.show, onCompare: images.show, onNote: tell },
    });
    images.close();
    if (json) await print(`${JSON.stringify({ type: "exported", ...exported })}\n`);
    else await say(renderExported(exported));
  } finally {
    reading.close();
    images.close();
    await engine.close();
  }
}
