/** rlrr pack: one page that classifies images offline, for whoever has nothing installed. */

import { Command, Option } from "commander";
import { type PackOptions, packModel, renderPacked } from "../node.ts";
import { type ComparingFlags, comparingOptions, makeCompared } from "./comparing.ts";
import { modelOption, withOptions } from "./options.ts";

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
      ...comparingOptions("a model"),
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

interface Flags extends ComparingFlags, Pick<PackOptions, "precision"> {}

async function runPack(source: string, flags: Flags): Promise<void> {
  const { out, method: _, json: __, provider: ___, threads: ____, ...named } = flags;
  await makeCompared(flags, {
    make: (shared) => packModel(source, out, { ...named, ...shared }),
    type: "packed",
    render: renderPacked,
  });
}
