/** rlrr export: a model or an adapter for another runtime, compared with the original on images before it is kept. */

import { Command, Option } from "commander";
import { type ExportOptions, exportModel, renderExported } from "../node.ts";
import { type ComparingFlags, comparingOptions, makeCompared } from "./comparing.ts";
import { dataHelp, modelHelp, modelOption, withOptions } from "./options.ts";

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
      ...comparingOptions("a file"),
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

interface Flags
  extends ComparingFlags,
    Pick<ExportOptions, "to" | "precision" | "weights" | "preprocessInside"> {}

async function runExport(source: string, flags: Flags): Promise<void> {
  const { out, method: _, json: __, provider: ___, threads: ____, ...named } = flags;
  await makeCompared(flags, {
    make: (shared) => exportModel(source, out, { ...named, ...shared }),
    type: "exported",
    render: renderExported,
  });
}
