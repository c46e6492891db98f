/** Accuracy on the task's images, and how alike the adapted features of these images are to the base's. */

import type { Dataset, Example } from "../datasets/dataset.ts";
import { chooseExamples } from "../predict/choose-examples.ts";
import { matchLabels } from "../predict/match-labels.ts";
import type { Measured, Similarity } from "../reports/analysis.ts";
import { type Features, fewestForCka, linearCka } from "../spectra/cka.ts";
import type { CollectedFeatures } from "./collect-features.ts";
import type { FeatureReader } from "./feature-reader.ts";
import type { OpenedAdapter } from "./open-adapters.ts";

/** Products of all pairs of images are taken, in each layer. */
const mostForCka = 256;

export interface MeasureOptions {
  readonly reader: FeatureReader;
  /** At most so many images, evenly from all. */
  readonly images: number;
  readonly signal?: AbortSignal | undefined;
}

export interface MeasuredTask {
  readonly task: Measured;
  readonly similarity: Similarity;
}

export interface MeasuredTasks {
  /** Of each adapter, in order. */
  readonly adapters: readonly MeasuredTask[];
  readonly notes: readonly string[];
}

/** On images that no adapter was trained on, where the data has any. */
export async function measureTask(
  opened: readonly OpenedAdapter[],
  dataset: Dataset,
  { reader, images, signal }: MeasureOptions,
): Promise<MeasuredTasks> {
  const [first, ...others] = opened.map(({ adapter }) => adapter);
  const chosen = await chooseExamples(undefined, { adapter: first, others, dataset, signal });
  const examples = evenly(chosen.examples, images);
  const notes = [...chosen.notes];
  if (examples.length < chosen.examples.length)
    notes.push(
      `Of the ${chosen.examples.length.toLocaleString("en")} ${chosen.split} images of ${dataset.root}, ${examples.length.toLocaleString("en")} are taken, evenly.`,
    );
  const measured: MeasuredTask[] = [];
  for (const { adapter, labels, ...one } of opened) {
    const labelled = matchLabels(examples, { from: dataset.classes, to: labels, where: dataset.root });
    const source = { ...one, adapter, config: adapter.config, steps: adapter.preprocessing };
    const before = await reader.read(examples, { ...source, adapter: undefined });
    const after = await reader.read(examples, source);
    measured.push({
      task: { ...score(after.logits, labelled), split: chosen.split },
      similarity: { ...similarityOf(before, after), split: chosen.split },
    });
  }
  return { adapters: measured, notes };
}

/** At most `most` of them, as far apart as they can be. */
export const evenly = <Item>(all: readonly Item[], most: number): readonly Item[] =>
  all.length <= most
    ? all
    : Array.from({ length: most }, (_, at) => all[Math.floor((at * all.length) / most)] as Item);

function score(logits: Float32Array, examples: readonly Example[]): Omit<Measured, "split"> {
  const classes = logits.length / examples.length;
  let correct = 0;
  for (const [row, { label }] of examples.entries()) {
    const own = logits.subarray(row * classes, (row + 1) * classes);
    if (own.indexOf(Math.max(...own)) === label) correct++;
  }
  return { correct, images: examples.length, top1: (100 * correct) / examples.length };
}

function similarityOf(before: CollectedFeatures, after: CollectedFeatures): Omit<Similarity, "split"> {
  const cka = (a: Features, b: Features | undefined): number | undefined => {
    if (!b || a.images < fewestForCka) return undefined;
    const alike = linearCka(someRows(a), someRows(b));
    // Features that are the same for all images are like no others, nor unlike them.
    return Number.isFinite(alike) ? alike : undefined;
  };
  return {
    images: Math.min(before.feature.images, mostForCka),
    blocks: before.blocks.map((block, at) => cka(block, after.blocks[at])),
    feature: cka(before.feature, after.feature),
  };
}

function someRows({ images, width, data }: Features): Features {
  const rows = evenly(
    Array.from({ length: images }, (_, row) => row),
    mostForCka,
  );
  const kept = new Float64Array(rows.length * width);
  for (const [at, row] of rows.entries())
    for (let column = 0; column < width; column++)
      kept[at * width + column] = data[row * width + column] as number;
  return { images: rows.length, width, data: kept };
}
