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
import { validatedOn } from "./validated-on.ts";

const number = z.number();
/** Absent as a missing key, not as a value. */
const optional = <Name extends string>(name: Name, value: number | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [key in Name]?: number };
const probe = z
  .object({ type: z.literal("probe"), valTop1: number.optional(), penalty: number.optional() })
  .transform(({ type, valTop1, penalty }) => ({
    ...{ type, ...optional("valTop1", valTop1) },
    ...optional("penalty", penalty),
  }));
/** What a fold of cross-validation learned is no part of the curves. */
const noFold = z.undefined().optional();
const step = z.object({
  ...{ type: z.literal("step"), fold: noFold, step: number, loss: number, learningRate: number },
});
const epoch = z
  .object({
    type: z.literal("epoch"),
    fold: noFold,
    epoch: number,
    step: number,
    trainLoss: number,
    trainTop1: number.optional(),
    valLoss: number.optional(),
    valTop1: number.optional(),
    best: z.boolean().default(false),
  })
  // Records count epochs from 0, people from 1.
  .transform(({ trainTop1, valLoss, valTop1, fold: _, ...record }) => ({
    ...record,
    epoch: record.epoch + 1,
    ...optional("trainTop1", trainTop1),
    ...optional("valLoss", valLoss),
    ...optional("valTop1", valTop1),
  }));
const foldless = step.transform(({ fold: _, ...record }) => record);
const recordSchema = z.union([foldless, epoch, probe]);

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

const keeps = {
  val: "the best by validation",
  latest: "the latest that validation cannot tell from the best",
  last: "the last",
} as const;

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
  const trainImages = trainExamples.length;
  const { kind, images: valImages } = validatedOn({ recipe }, { train: trainExamples, val: valExamples });
  const crossValidated = kind === "cross-validation";
  const images = (count: number): string => `${count.toLocaleString("en")} images`;
  return {
    title: `Training run: ${choice.name} on ${data}`,
    subtitle: `${choice.name} adapts ${basename(config.model.id)} to ${config.data.classes.length} classes`,
    trainImages,
    ...{ valImages, crossValidated },
    facts: [
      ["method", [choice.name, ...settings].join(", ")],
      ["base model", config.model.id],
      ...(config.continuedFrom ? [["continued from", config.continuedFrom.path] as const] : []),
      ["data", config.data.root],
      ["classes", String(config.data.classes.length)],
      ["training split", images(trainImages)],
      [
        "validation split",
        crossValidated
          ? `none; ${recipe.folds}-fold cross-validation`
          : valImages > 0
            ? images(valImages)
            : "none",
      ],
      ["epochs", `${epochs}; ${keeps[select]} is kept`],
      ["learning rate", `${learningRate}, ${schedule} schedule`],
      ["optimizer", `AdamW, ${batchSize} images per optimizer step, weight decay ${weightDecay}`],
      ["seed", String(seed)],
      ...(others.length > 0 ? [["other options", others.join(", ")] as const] : []),
      ["preprocessing", describeSteps(parseSteps(config.preprocessing, "run.json"))],
    ],
  };
}
