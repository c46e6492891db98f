/** rlrr merge: base and adapter become one plain model, proven to give the same logits. */

import { rm } from "node:fs/promises";
import { Command, Option } from "commander";
import { checkBase } from "../adapter/adapter.ts";
import { mergeAdapter } from "../adapter/merge.ts";
import type { Engine } from "../engine/engine.ts";
import { EngineError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { readModel } from "../model/read-model.ts";
import { writeModel } from "../model/write-model.ts";
import { openClassifier } from "../predict/classifier.ts";
import { randomStream } from "../random.ts";
import { checkNewFolder } from "./check-out.ts";
import { type EngineFlags, engineOptions, openChosenEngine } from "./engine-options.ts";
import { interruption } from "./exit.ts";
import { type Opened, openModel } from "./open-model.ts";
import { jsonOption, modelHelp, modelOption, withOptions } from "./options.ts";
import { print, say } from "./output.ts";

export const mergeCommand = (): Command =>
  withOptions(
    new Command("merge").description(
      "fold an adapter into its base: a plain model, nothing extra at inference",
    ),
    [
      new Option("--adapter <folder>", "a run of rlrr train, or its adapter folder").makeOptionMandatory(),
      modelOption("the base (default: the one the adapter was trained on)"),
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
The folder is in Hugging Face's classic layout: transformers, timm-style loaders and this program read it.`,
    )
    .action(runMerge);

interface Flags extends EngineFlags {
  readonly adapter: string;
  readonly model?: string;
  readonly out: string;
  readonly json?: boolean;
}

async function runMerge(flags: Flags): Promise<void> {
  await checkNewFolder(flags.out);
  const opened = await openModel(flags, { signal: interruption });
  const engine = await openChosenEngine(flags);
  try {
    const difference = await mergeInto(flags.out, opened, engine);
    if (flags.json) await print(`${JSON.stringify({ type: "merged", path: flags.out, difference })}\n`);
    else await say(renderMerged(flags.out, difference));
  } finally {
    await engine.close();
  }
}

export const renderMerged = (out: string, difference: number): string =>
  difference === 0
    ? `${out} is a plain model. Its logits are the adapted model's to the last bit.`
    : `${out} is a plain model. Its logits differ from the adapted model's by ${difference.toExponential(1)} of their size: float32 rounding.`;

/** Writes the merged model and compares it with the adapted one; returns the relative difference of their logits. */
export async function mergeInto(out: string, opened: Opened, engine: Engine): Promise<number> {
  const { model, adapter, labels, preprocessing } = opened;
  if (!adapter) throw new Error("internal: merge without an adapter.");
  await checkBase(adapter, model);
  const weights = await mergeAdapter(model, adapter, engine);
  interruption.throwIfAborted();
  await writeModel(out, { config: adapter.config, weights, labels, preprocessing });
  const difference = await largestDifference(opened, await readModel(out), engine);
  // float32 rounding is about 1e-6 of the largest logit; more means that merging is wrong.
  if (!(difference <= 1e-4)) {
    await rm(out, { recursive: true, force: true });
    throw new EngineError(
      `${out}: the merged model's logits differ by ${difference} of their size from the adapted model's; at most 1e-4 is rounding. It was not kept.`,
    );
  }
  return difference;
}

/** Over random images: the largest difference of a logit, relative to the largest logit (at least 1). */
async function largestDifference(adapted: Opened, merged: Model, engine: Engine): Promise<number> {
  const batchSize = 2;
  const [height, width] = merged.config.imageSize;
  const images = randomStream(1, "merge").fillUniform(new Float32Array(batchSize * 3 * height * width), {
    low: -1,
    high: 1,
  });
  const logits = async (part: { model: Model; adapter?: Opened["adapter"] }) => {
    const session = await openClassifier({ ...part, engine, batchSize });
    const outputs = await session.run({ images });
    await session.close();
    return outputs.logits ?? new Float32Array([Number.NaN]);
  };
  const [before, after] = [await logits(adapted), await logits({ model: merged })];
  const size = before.reduce((largest, x) => Math.max(largest, Math.abs(x)), 1);
  return before.reduce(
    (worst, x, index) => Math.max(worst, Math.abs(x - (after[index] ?? Number.NaN)) / size),
    0,
  );
}
