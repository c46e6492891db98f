/** A run's steps as a table of numbers, made from its metrics file: what numpy and spreadsheets load. */

import { z } from "zod";
import { writeFileAtomically } from "../files/write-file.ts";
import { readMetrics } from "./metrics-file.ts";
import type { RunFolder } from "./run-folder.ts";

const stepSchema = z.object({
  ...{ type: z.literal("step"), step: z.int(), epoch: z.int(), fold: z.int().optional() },
  ...{ loss: z.number(), learningRate: z.number(), gradientNorm: z.number() },
});

const header = "step,fold,epoch,loss,learning_rate,gradient_norm";

/** Epochs and folds count from 1; the fold is empty while all images are trained on. */
export async function writeStepsCsv({ paths }: Pick<RunFolder, "paths">): Promise<void> {
  const lines = [header];
  for await (const record of readMetrics(paths.metrics)) {
    const parsed = stepSchema.safeParse(record);
    if (!parsed.success) continue;
    const { step, fold, epoch, loss, learningRate, gradientNorm } = parsed.data;
    lines.push(
      [step, fold === undefined ? "" : fold + 1, epoch + 1, loss, learningRate, gradientNorm].join(","),
    );
  }
  await writeFileAtomically(paths.steps, `${lines.join("\n")}\n`);
}
