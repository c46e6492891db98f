/** Evaluates a model on labelled images: chooses them, classifies, and computes the metrics. */

import { basename, resolve } from "node:path";
import type { Dataset, Example, Split } from "../datasets/dataset.ts";
import { fileIn } from "../datasets/name-in.ts";
import { readDataset } from "../datasets/read-dataset.ts";
import { InputError } from "../errors.ts";
import { shown } from "../files/check-count.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import { checkReportFile } from "../files/check-output-paths.ts";
import { hexHash } from "../files/each-file.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { describeSteps } from "../preprocessing/describe-steps.ts";
import type { ImageName } from "../reports/corrections.ts";
import type { Evaluation } from "../reports/evaluation.ts";
import { mostPictures, type PicturedMistake } from "../reports/mistake-gallery.ts";
import { renderReport } from "../reports/report.ts";
import { makeThumbnail } from "../reports/thumbnail.ts";
import { worstMistakes } from "../reports/worst-mistakes.ts";
import { chooseExamples } from "./choose-examples.ts";
import { type ClassifierParts, type ClassifyOptions, classify } from "./classify.ts";
import { countUses } from "./find-uses.ts";
import { matchLabels } from "./match-labels.ts";
import { openReliability } from "./reliability.ts";
import { openScorer } from "./scorer.ts";

export interface EvaluateOptions extends ClassifyOptions {
  /** Where left out: test; without one, val; without either, the images that the adapter was not trained on, if any. */
  readonly split?: Split | undefined;
  /** Where to write a page with pictures of the mistakes; its name ends in .html. */
  readonly report?: string | undefined;
  /** Called with what was found, decided or ignored, before the first image is classified. */
  readonly onNote?: ((message: string) => void) | undefined;
}

const known: KnownOptions<EvaluateOptions> = {
  ...{ split: true, report: true, skipBadImages: true, signal: true },
  ...{ onNote: true, onProgress: true, onSkipped: true },
};

/** The result of `rlrr evaluate`, and the images it was computed on. */
export interface ModelEvaluation extends Evaluation {
  /** Those that count, in the order of `metrics.predictions`. */
  readonly examples: readonly Example[];
  /** How many images could not be read and were left out. */
  readonly skipped: number;
  readonly notes: readonly string[];
}

export async function evaluate(
  data: string | Dataset,
  parts: ClassifierParts,
  options: EvaluateOptions,
): Promise<ModelEvaluation> {
  checkOptions(options, { verb: "evaluate", known });
  const { report, signal, onNote } = options;
  if (typeof data !== "string" && (typeof data !== "object" || data === null))
    throw new InputError(
      `evaluate takes the path of labelled images, or a data set that was read; got ${shown(data)}.`,
    );
  if (report !== undefined) {
    checkPath(report, { what: "evaluate: report" });
    await checkReportFile(report);
  }
  const dataset = typeof data === "string" ? await readDataset(data, signal ? { signal } : {}) : data;
  const { root, classes } = dataset;
  const { adapter, members = [] } = parts;
  const others = members.slice(1);
  const chosen = await chooseExamples(options.split, { ...options, dataset, adapter, others });
  const notes = [...dataset.notes, ...chosen.notes];
  for (const note of notes) onNote?.(note);
  const { split, uses } = chosen;
  const labelled = matchLabels(chosen.examples, { from: classes, to: parts.labels, where: root });
  const scorer = openScorer(parts.labels.length);
  const reliability = openReliability(parts.adapter);
  const examples: Example[] = [];
  const agreement = parts.meter?.(labelled.length);
  try {
    for await (const batch of classify(labelled, parts, { ...options, agreement })) {
      const labels = batch.examples.map(({ label }) => label);
      scorer.add(batch.logits, labels);
      reliability.add(batch.logits, labels);
      examples.push(...batch.examples);
    }
  } finally {
    await agreement?.close();
  }
  if (examples.length === 0) throw new InputError(`${root}: none of the ${split} images can be read.`);
  const skipped = labelled.length - examples.length;
  const metrics = scorer.metrics();
  const evaluation = {
    ...{ split, classes: parts.labels, metrics, reliability: reliability.measure() },
    ...{ examples, skipped, notes, agreement: agreement?.read() },
    ...(uses && { uses: countUses(examples, { uses, predictions: metrics.predictions }) }),
  };
  if (report !== undefined) await writeReport(report, evaluation, { ...parts, ...options, root });
  return evaluation;
}

interface ReportParts
  extends Pick<ClassifierParts, "model" | "adapter" | "members" | "preprocessing">,
    Pick<ClassifyOptions, "signal" | "onProgress"> {
  readonly root: string;
}

/** Only the most confident mistakes get a thumbnail. */
async function withPictures(
  { metrics, examples }: ModelEvaluation,
  { root, signal, onProgress }: ReportParts,
): Promise<PicturedMistake[]> {
  const mistakes = worstMistakes(metrics);
  const total = Math.min(mistakes.length, mostPictures);
  const pictured: PicturedMistake[] = [];
  for (const mistake of mistakes) {
    signal?.throwIfAborted();
    const { path } = examples[mistake.example] as Example;
    const isShown = pictured.length < mostPictures;
    const shown = isShown && { thumbnail: await makeThumbnail(path), name: await nameImage(root, path) };
    pictured.push({ ...mistake, path, thumbnail: undefined, ...shown });
    if (isShown)
      onProgress?.({
        type: "progress",
        label: "shrinking pictures",
        done: pictured.length,
        total,
        unit: "images",
      });
  }
  return pictured;
}

/** By which a correction of its label names it: none outside the data, or where it cannot be read any more. */
async function nameImage(root: string, path: string): Promise<ImageName | undefined> {
  const file = fileIn(root, path);
  const sha256 = await hexHash(path).catch(() => undefined);
  return sha256 === undefined || file.startsWith("../") ? undefined : { file, sha256 };
}

async function writeReport(path: string, evaluation: ModelEvaluation, parts: ReportParts): Promise<void> {
  const { model, adapter, members, preprocessing, root } = parts;
  const { split, metrics, uses } = evaluation;
  const mistakes = await withPictures(evaluation, parts);
  const methods = (members ?? [adapter]).map((one) => one?.method.name);
  const method = adapter ? methods.join(" + ") : "the model's own head";
  const facts = [
    ["model", model.id],
    ["method", method],
    ["data", resolve(root)],
    ["split", `${split}, ${metrics.examples.toLocaleString("en")} images`],
    ["trained on", uses ? `${uses.trainedOn.toLocaleString("en")} of them` : "not known"],
    ["preprocessing", describeSteps(preprocessing)],
  ] as const;
  const title = `Evaluation: ${basename(resolve(root))}, ${split} images`;
  const subtitle = `${method} on ${basename(model.id)}`;
  await writeFileAtomically(path, renderReport({ ...evaluation, title, subtitle, mistakes, facts }));
}
