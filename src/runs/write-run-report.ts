/** A run's report page with its curves, made from its metrics file. */

import { basename } from "node:path";
import { z } from "zod";
import { adapterFolder } from "../adapter/adapter-file.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import type { Model } from "../model/model.ts";
import { describeSteps } from "../preprocessing/describe-steps.ts";
import { parseSteps } from "../preprocessing/parse-steps.ts";
import { type RunFacts, type RunRecord, renderRunReport } from "../reports/run-report.ts";
import { readMetrics } from "./metrics-file.ts";
import type { OpenedRun } from "./open-run.ts";
import { chosenOptions } from "./recipe-defaults.ts";
import { measureChanges } from "./tensor-changes.ts";

const number = z.number();
const step = z.object({ type: z.literal("step"), step: number, loss: number, learningRate: number });
const epoch = z
  .object({
    type: z.literal("epoch"),
    epoch: number,
    step: number,
    trainLoss: number,
    trainTop1: number.optional(),
    valLoss: number.optional(),
    valTop1: number.optional(),
    best: z.boolean().default(false),
  })
  // Records count epochs from 0, people from 1.
  .transform(({ trainTop1, valLoss, valTop1, ...record }) => ({
    ...record,
    epoch: record.epoch + 1,
    ...(trainTop1 === undefined ? {} : { trainTop1 }),
    ...(valLoss === undefined ? {} : { valLoss }),
    ...(valTop1 === undefined ? {} : { valTop1 }),
  }));
const recordSchema = z.union([step, epoch]);

/** The facts on the page besides the curves. */
interface Described extends Pick<OpenedRun, "chosen" | "config" | "recipe" | "trainables"> {
  readonly options: { readonly model: Pick<Model, "weights"> };
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
  // A run that ends in its first epoch has no adapter yet.
  const adapter = await adapterFolder(run.folder.path);
  const changes = adapter === undefined ? [] : await measureChanges({ ...run, adapter });
  await writeFileAtomically(report, renderRunReport(records, { ...about(run), changes }));
}

/** Options that have rows of their own. */
const told = new Set(["learningRate", "schedule", "epochs", "batchSize", "weightDecay", "seed", "select"]);

function about({
  chosen: { choice },
  config,
  recipe,
  trainExamples,
  valExamples,
}: Described): Omit<RunFacts, "changes"> {
  const { learningRate, schedule, epochs, batchSize, weightDecay, seed, select } = recipe;
  const chosen = Object.entries(chosenOptions(recipe)).filter(([name]) => !told.has(name));
  const words = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const others = chosen.map(([name, value]) => `${words(name)} ${value}`);
  const settings = Object.entries(choice.options).map(([name, value]) => `${name} ${value}`);
  const data = basename(config.data.root);
  const [trainImages, valImages] = [trainExamples.length, valExamples.length];
  const images = (count: number): string => `${count.toLocaleString("en")} images`;
  return {
    title: `Training run: ${choice.name} on ${data}`,
    subtitle: `${choice.name} adapts ${basename(config.model.id)} to ${config.data.classes.length} classes`,
    trainImages,
    valImages,
    facts: [
      ["method", [choice.name, ...settings].join(", ")],
      ["base model", config.model.id],
      ["data", config.data.root],
      ["classes", String(config.data.classes.length)],
      ["training split", images(trainImages)],
      ["validation split", valImages > 0 ? images(valImages) : "none"],
      [
        "epochs",
        `${epochs}; ${select === "val" ? "the best on validation images is kept" : "the last is kept"}`,
      ],
      ["learning rate", `${learningRate}, ${schedule} schedule`],
      ["optimizer", `AdamW, ${batchSize} images per optimizer step, weight decay ${weightDecay}`],
      ["seed", String(seed)],
      ...(others.length > 0 ? [["other options", others.join(", ")] as const] : []),
      ["preprocessing", describeSteps(parseSteps(config.preprocessing, "run.json"))],
    ],
  };
}
