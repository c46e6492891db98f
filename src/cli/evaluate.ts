/** rlrr evaluate: how well a model, adapted or not, does on labelled images. */

import { basename, resolve } from "node:path";
import { Command, Option } from "commander";
import type { Dataset, Example, Split } from "../datasets/dataset.ts";
import { readDataset } from "../datasets/read-dataset.ts";
import { InputError } from "../errors.ts";
import { writeFileAside } from "../files/write-file.ts";
import { matchLabels } from "../predict/match-labels.ts";
import type { Mistake } from "../predict/metrics.ts";
import { openScorer } from "../predict/scorer.ts";
import { describeSteps } from "../preprocessing/describe-steps.ts";
import { type Evaluation, evaluationRecords } from "../reports/evaluation.ts";
import { mostPictures, type PicturedMistake } from "../reports/mistake-gallery.ts";
import { renderEvaluation } from "../reports/render-evaluation.ts";
import { renderReport } from "../reports/report.ts";
import { makeThumbnail } from "../reports/thumbnail.ts";
import { worstMistakes } from "../reports/worst-mistakes.ts";
import { checkReportFile } from "./check-out.ts";
import { classify, skippedLines } from "./classify.ts";
import { interruption } from "./exit.ts";
import { type Opened, openModel } from "./open-model.ts";
import {
  batchSizeOption,
  dataHelp,
  headsOption,
  jsonOption,
  modelHelp,
  modelOption,
  threadsOption,
  withOptions,
} from "./options.ts";
import { print, say, tell } from "./output.ts";
import { chooseProgressMode, openProgress } from "./progress.ts";
import { slowly } from "./slow-progress.ts";

export const evaluateCommand = (): Command =>
  withOptions(
    new Command("evaluate").description("accuracy, per-class scores and confusions on labelled images"),
    [
      new Option("--adapter <folder>", "a run of rlrr train, or its adapter folder"),
      modelOption(
        "the base (default: the one the adapter was trained on); without an adapter, the model's own head answers",
      ),
      new Option("--data <path>", "the labelled images").makeOptionMandatory(),
      new Option("--split <name>", "(default: test; without one, val; without either, train)").choices([
        "train",
        "val",
        "test",
      ]),
      new Option("--report <file.html>", "write a page with pictures of the mistakes"),
      new Option("--skip-bad-images", "leave damaged images out instead of stopping"),
      headsOption(),
      batchSizeOption(),
      threadsOption(),
      jsonOption(),
    ],
  )
    .addHelpText(
      "after",
      `${modelHelp}${dataHelp}

Examples:
  rlrr evaluate --adapter runs/flowers --data flowers/ --report flowers.html
  rlrr evaluate --model merged/ --data flowers/ --split val --json`,
    )
    .action(runEvaluate);

interface Flags {
  readonly adapter?: string;
  readonly model?: string;
  readonly data: string;
  readonly split?: Split;
  readonly report?: string;
  readonly skipBadImages?: boolean;
  readonly heads?: number;
  readonly batchSize?: number;
  readonly threads?: number;
  readonly json?: boolean;
}

async function runEvaluate(flags: Flags): Promise<void> {
  const { json = false, batchSize, threads, skipBadImages = false } = flags;
  if (flags.report) await checkReportFile(flags.report);
  const opened = await openModel(flags, { signal: interruption });
  const dataset = await readDataset(flags.data, { signal: interruption });
  const { split, examples: found, notes } = chooseSplit(dataset, flags.split);
  for (const note of [...opened.notes, ...dataset.notes, ...notes]) tell(note);
  const labelled = matchLabels(found, { from: dataset.classes, to: opened.labels, where: flags.data });
  const options = { label: "evaluating", json, batchSize, threads, skipBadImages };
  const scorer = openScorer(opened.labels.length);
  const examples: Example[] = [];
  let skipped = 0;
  for await (const batch of classify(opened, labelled, options)) {
    scorer.add(
      batch.logits,
      batch.examples.map(({ label }) => label),
    );
    examples.push(...batch.examples);
    skipped += batch.bad.length;
    if (json) await print(skippedLines(batch.bad));
  }
  if (examples.length === 0)
    throw new InputError(`${flags.data}: no image of the ${split} split can be read.`);
  if (skipped > 0) tell(`${skipped} of ${labelled.length} images cannot be read and were left out.`);
  const evaluation: Evaluation = { split, classes: opened.labels, metrics: scorer.metrics() };
  if (flags.report) {
    await writeReport(flags.report, { evaluation, examples, opened, data: flags.data, json });
    if (!json) await say(`The report is ${flags.report}.`);
  }
  if (!json) await say(renderEvaluation(evaluation));
  else
    await print(
      evaluationRecords(evaluation)
        .map((record) => `${JSON.stringify(record)}\n`)
        .join(""),
    );
}

/** Held-out images where there are any; a plain folder of classes is evaluated whole. */
function chooseSplit(
  { splits, root }: Dataset,
  asked: Split | undefined,
): { split: Split; examples: readonly Example[]; notes: readonly string[] } {
  const heldOut = (["test", "val"] as const).find((name) => splits[name].length > 0);
  const split = asked ?? heldOut ?? "train";
  const examples = splits[split];
  const notes =
    asked === undefined && split !== "test"
      ? [
          `${root} has no test split; its ${split} images are taken. Accuracy on images that were trained on says little.`,
        ]
      : [];
  if (examples.length > 0) return { split, examples, notes };
  const has = (["train", "val", "test"] as const).filter((name) => splits[name].length > 0);
  throw new InputError(
    `${root} has no ${split} split; it has ${has.join(", ") || "no images"}. Choose one with --split.`,
  );
}

interface ReportParts {
  readonly evaluation: Evaluation;
  readonly examples: readonly Example[];
  readonly opened: Opened;
  readonly data: string;
  readonly json: boolean;
}

/** The surest mistakes get a picture each. */
async function withPictures(
  mistakes: readonly Mistake[],
  { examples, json }: Pick<ReportParts, "examples" | "json">,
): Promise<PicturedMistake[]> {
  const progress = openProgress({ mode: chooseProgressMode(process.stderr, { json }) });
  const tell = slowly(progress, { label: "shrinking pictures" });
  const pictured: PicturedMistake[] = [];
  try {
    for (const mistake of mistakes) {
      interruption.throwIfAborted();
      const { path } = examples[mistake.example] as Example;
      const thumbnail = pictured.length < mostPictures ? await makeThumbnail(path) : undefined;
      pictured.push({ ...mistake, path, thumbnail });
      tell(pictured.length, Math.min(mistakes.length, mostPictures));
    }
    return pictured;
  } finally {
    progress.close();
  }
}

async function writeReport(
  path: string,
  { evaluation, examples, opened, data, json }: ReportParts,
): Promise<void> {
  const { model, adapter } = opened;
  const { split, metrics } = evaluation;
  const mistakes = await withPictures(worstMistakes(metrics), { examples, json });
  const method = adapter ? adapter.method.name : "the model's own head";
  const facts = [
    ["model", model.id],
    ["method", method],
    ["data", resolve(data)],
    ["split", `${split}, ${metrics.examples.toLocaleString("en")} images`],
    ["preprocessing", describeSteps(opened.preprocessing)],
  ] as const;
  const title = `Evaluation: ${basename(resolve(data))}, ${split} images`;
  const subtitle = `${method} on ${basename(model.id)}`;
  await writeFileAside(path, renderReport({ ...evaluation, title, subtitle, mistakes, facts }));
}
