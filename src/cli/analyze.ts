/** rlrr analyze: what adapters changed in their base, and what they kept of it. */

import { Command, Option } from "commander";
import { analysisRecords, analyze, files, loadMethodFile, renderAnalysis } from "../node.ts";
import { type EngineFlags, engineOptions } from "./engine-options.ts";
import { interruption } from "./exit.ts";
import { ownMethodOption } from "./method-options.ts";
import {
  dataHelp,
  headsOption,
  jsonOption,
  modelHelp,
  modelOption,
  wholeNumberOption,
  withOptions,
} from "./options.ts";
import { print, say } from "./output.ts";
import { showImages } from "./show-images.ts";
import { showReading } from "./show-reading.ts";

export const analyzeCommand = (): Command =>
  withOptions(
    new Command("analyze").description(
      "what adapters changed in their base, weight by weight, and what they kept of it",
    ),
    [
      modelOption("the base (default: the one that the adapters were trained on)"),
      new Option(
        "--data <path>",
        "images of the task, for accuracies and features (default: those that the runs were trained on)",
      ),
      new Option(
        "--retain <path>",
        "images of something else: how well a linear probe tells them shows what is kept",
      ),
      wholeNumberOption(
        "--top <n>",
        "largest singular values whose subspaces are compared (default: 16, twice the usual rank of LoRA)",
      ),
      wholeNumberOption("--images <n>", "the most images of each set, evenly (default: 1000)"),
      new Option("--report <file.html>", "write an HTML page that shows it layer by layer"),
      ownMethodOption(),
      headsOption(),
      ...engineOptions(),
      jsonOption(),
    ],
  )
    .argument("<runs...>", "runs of rlrr train, or adapter folders, of one base")
    .addHelpText(
      "after",
      `${modelHelp}${dataHelp}

Examples:
  rlrr analyze runs/rlrr runs/lora runs/full --report methods.html
  rlrr analyze runs/* --retain cifar10/ --json > analysis.jsonl`,
    )
    .action(runAnalyze);

interface Flags extends EngineFlags {
  readonly model?: string;
  readonly data?: string;
  readonly retain?: string;
  readonly top?: number;
  readonly images?: number;
  readonly report?: string;
  readonly method?: string;
  readonly heads?: number;
  readonly json?: boolean;
}

async function runAnalyze(runs: readonly string[], flags: Flags): Promise<void> {
  const { json = false, method: file, report, ...options } = flags;
  if (report !== undefined) await files.checkReportFile(report);
  const method = file === undefined ? undefined : await loadMethodFile(file);
  const [reading, work] = [showReading({ json }), showImages({ json })];
  try {
    const analysis = await analyze(runs, {
      ...options,
      ...{ method, report, signal: interruption, onProgress: reading.show, onWork: work.show },
    });
    work.close();
    if (json) {
      for (const record of analysisRecords(analysis)) await print(`${JSON.stringify(record)}\n`);
      return;
    }
    if (report !== undefined) await say(`The report is ${report}.`);
    await say(renderAnalysis(analysis));
  } finally {
    work.close();
    reading.close();
  }
}
