/** rlrr bench: how fast a training step is here, and how far from the machine's best. */

import { Command, Option } from "commander";
import { defaultMethod, methods, models } from "../index.ts";
import { measureStep, type StepSpeed } from "../node.ts";
import { type EngineFlags, engineOptions, openChosenEngine } from "./engine-options.ts";
import { interruption } from "./exit.ts";
import { jsonOption, modelOption, wholeNumber, withOptions } from "./options.ts";
import { print, say } from "./output.ts";

export const benchCommand = (): Command =>
  new Command("bench").description("measure speed and memory on this machine").addCommand(
    withOptions(new Command("step").description("one training step: forward, loss, backward, optimizer"), [
      modelOption(
        `a model, or a size with random weights: ${Object.keys(models.variants).join(", ")}`,
      ).default("vit-b16"),
      new Option("--batch-size <n>", "images per step").argParser(wholeNumber).default(8),
      new Option("--micro-batch-size <n>", "images per run of the graph (default: as in training)").argParser(
        wholeNumber,
      ),
      new Option("--classes <n>", "number of classes of the head").argParser(wholeNumber).default(100),
      new Option("--steps <n>", "steps to time, after one that is not timed")
        .argParser(wholeNumber)
        .default(5),
      new Option("--method <name>", "method to train")
        .choices(methods.map(({ name }) => name))
        .default(defaultMethod),
      new Option("--precision <kind>", "what large products are computed in")
        .choices(["fp32", "int8"])
        .default("fp32"),
      new Option("--memory <size>", "what the process may take at its peak, such as 4GB"),
      ...engineOptions(),
      jsonOption(),
    ])
      .addHelpText(
        "after",
        "\nImages are noise and dropout is 0.1, as in bench/peers/official_step.py, which times the official code.",
      )
      .action(benchStep),
  );

interface Flags extends EngineFlags {
  readonly model: string;
  readonly batchSize: number;
  readonly microBatchSize?: number;
  readonly classes: number;
  readonly steps: number;
  readonly method: string;
  readonly memory?: string;
  readonly precision: "fp32" | "int8";
  readonly json?: boolean;
}

async function benchStep({ json = false, ...flags }: Flags): Promise<void> {
  const engine = await openChosenEngine(flags);
  try {
    const speed = await measureStep({ ...flags, engine, signal: interruption });
    await (json ? print(`${JSON.stringify(speed)}\n`) : say(render(speed)));
  } finally {
    await engine.close();
  }
}

const render = (
  result: StepSpeed,
): string => `${result.model}, batch ${result.batchSize}: ${result.imagesPerSecond.toFixed(2)} images/s
${result.gflopsPerSecond.toFixed(0)} GFLOP/s in a step's matrix products; the best single product reached ${result.gemmGflopsPerSecond.toFixed(0)}
${(result.peakRssBytes / 2 ** 20).toFixed(0)} MiB at the peak`;
