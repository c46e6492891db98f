/** A run's page of curves, made from its metrics file. */

import { basename } from "node:path";
import { z } from "zod";
import { writeFileAside } from "../files/write-file.ts";
import { type RunFacts, type RunRecord, renderRunReport } from "../reports/run-report.ts";
import { readMetrics } from "./metrics-file.ts";
import type { OpenedRun } from "./open-run.ts";

const number = z.number();
const step = z.object({ type: z.literal("step"), step: number, loss: number, learningRate: number });
const epoch = z
  .object({
    type: z.literal("epoch"),
    epoch: number,
    step: number,
    trainLoss: number,
    valLoss: number.optional(),
    valTop1: number.optional(),
    best: z.boolean().default(false),
  })
  // Records count epochs from 0, people from 1.
  .transform(({ valLoss, valTop1, ...record }) => ({
    ...record,
    epoch: record.epoch + 1,
    ...(valLoss === undefined ? {} : { valLoss }),
    ...(valTop1 === undefined ? {} : { valTop1 }),
  }));
const recordSchema = z.union([step, epoch]);

/** What the page says besides the curves. */
interface Described extends Pick<OpenedRun, "chosen" | "config" | "recipe"> {
  readonly trainExamples: readonly unknown[];
  readonly valExamples: readonly unknown[];
}

/** Writes report.html into the run's folder. */
export async function writeRunReport(run: Described & Pick<OpenedRun, "folder">): Promise<void> {
  const { metrics, report } = run.folder.paths;
  const records: RunRecord[] = [];
  for await (const record of readMetrics(metrics)) {
    const parsed = recordSchema.safeParse(record);
    if (parsed.success) records.push(parsed.data);
  }
  await writeFileAside(report, renderRunReport(records, about(run)));
}

function about({ chosen: { choice }, config, recipe, trainExamples, valExamples }: Described): RunFacts {
  const { learningRate, schedule, epochs, batchSize, weightDecay, seed, select } = recipe;
  const settings = Object.entries(choice.options).map(([name, value]) => `${name} ${value}`);
  return {
    title: basename(config.data.root),
    subtitle: `${choice.name} on ${basename(config.model.id)}`,
    facts: [
      ["method", [choice.name, ...settings].join(", ")],
      ["base", config.model.id],
      ["data", config.data.root],
      ["classes", String(config.data.classes.length)],
      ["images", `${trainExamples.length} to train on, ${valExamples.length} to validate on`],
      ["epochs", `${epochs}, ${select === "val" ? "the best on validation images kept" : "the last kept"}`],
      ["learning rate", `${learningRate}, ${schedule}`],
      ["other", `batch size ${batchSize}, weight decay ${weightDecay}, seed ${seed}`],
    ],
  };
}
