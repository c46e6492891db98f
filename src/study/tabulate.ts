/** The table of a study: a row per data set, method and recipe, and the means over the sets. */

import { type CellTrials, chooseSetting, type Records } from "./cell-trials.ts";
import type { StudyPlan } from "./plan-study.ts";
import { meanOf, stdOf } from "./statistics.ts";
import type { DataCopy } from "./study-data.ts";
import { type Difference, differenceOf, type MeanRow, meansOf } from "./study-means.ts";
import type { Trial, TrialResult } from "./trial.ts";

/** Accuracies of several seeds in percent, on one split, after one epoch. */
export interface SeedScores {
  readonly split: "test" | "val";
  /** `best` is chosen by accuracy on this very split. */
  readonly epoch: "last" | "best";
  readonly images: number;
  readonly mean: number;
  /** Sample standard deviation over seeds; null of one seed. */
  readonly std: number | null;
  readonly seeds: readonly number[];
}

export interface StudyRow {
  readonly data: string;
  readonly group?: string;
  readonly method: string;
  readonly recipe?: string;
  /** With the head; absent until a trial is done. */
  readonly trainable?: number;
  readonly headTrainable?: number;
  /** The number of the protocol: the last epoch's, or with `select: "test"` the best epoch's on test images. */
  readonly test?: SeedScores;
  /** With `select: "test"`: the last epoch's. */
  readonly testLast?: SeedScores;
  /** Of the chosen setting, trained without validation images. */
  readonly val?: SeedScores;
  readonly valBest?: SeedScores;
  /** What was chosen on validation images. */
  readonly chosen: Readonly<Record<string, unknown>>;
  /** Each setting that was tried, with its mean accuracy on validation images; null where it diverged. */
  readonly tried: readonly {
    readonly setting: Readonly<Record<string, unknown>>;
    readonly val: number | null;
  }[];
  readonly difference?: Difference;
  readonly epochs?: number;
  readonly learningRate?: number;
  readonly batchSize?: number;
  readonly trainImages?: number;
  readonly preprocessing?: TrialResult["preprocessing"];
  readonly copy: DataCopy;
  /** Trials that are not done yet, and seeds whose training diverged. */
  readonly missing: number;
  readonly diverged: number;
}

export interface StudyTable {
  readonly rows: readonly StudyRow[];
  readonly means: readonly MeanRow[];
}

export interface TabulateOptions {
  readonly plan: StudyPlan;
  readonly cells: readonly CellTrials[];
  readonly copies: ReadonlyMap<string, DataCopy>;
  readonly records: Records;
}

export function tabulate(options: TabulateOptions): StudyTable {
  const { plan, cells } = options;
  const bare = cells.map((cell) => makeRow(cell, options));
  const rows = bare.map((row) => {
    const other = bare.find(
      ({ data, method, recipe }) => data === row.data && method === plan.reference && recipe === row.recipe,
    );
    const difference =
      other?.test && row.test && differenceOf(row.test.seeds, other.test.seeds, plan.reference);
    return { ...row, ...(difference && row !== other && { difference }) };
  });
  return { rows, means: meansOf(rows, plan) };
}

function makeRow(trials: CellTrials, { plan, copies, records }: TabulateOptions): StudyRow {
  const { cell, tuning, final } = trials;
  const { data, method, recipe, settings } = cell;
  const copy = copies.get(data.name);
  if (!copy) throw new Error(`internal: no copy of ${data.name}.`);
  const setting = chooseSetting(trials, records);
  const resultsOf = (list: readonly Trial[]) => list.flatMap(({ name }) => records.get(name)?.result ?? []);
  const [tuned, finals] = setting === undefined ? [[], []] : [tuning[setting] ?? [], final[setting] ?? []];
  const done = resultsOf(finals);
  const validated = resultsOf(tuned);
  const some = done[0] ?? validated[0] ?? resultsOf(tuning.flat())[0];
  const test =
    plan.select === "test" ? epochScores(done, { split: "test", epoch: "best" }) : testScores(done);
  const testLast = plan.select === "test" ? epochScores(done, { split: "test", epoch: "last" }) : undefined;
  const whole = done.length === plan.seeds.length && done.every(({ diverged }) => diverged === undefined);
  const val = epochScores(validated, { split: "val", epoch: "last" });
  const valBest = epochScores(validated, { split: "val", epoch: "best" });
  return {
    ...{ data: data.name, method: method.label },
    ...(data.group !== undefined && { group: data.group }),
    ...(recipe !== undefined && { recipe }),
    ...(some && factsOf(some)),
    // A mean of some seeds alone would be another number.
    ...(whole && { ...(test && { test }), ...(testLast && { testLast }) }),
    ...(val && { val }),
    ...(valBest && { valBest }),
    chosen: setting === undefined ? {} : (settings[setting]?.varied ?? {}),
    tried: settings.map(({ varied }, index) => ({
      setting: varied,
      val: epochScores(resultsOf(tuning[index] ?? []), { split: "val", epoch: "last" })?.mean ?? null,
    })),
    copy,
    missing: plan.seeds.length - done.length,
    diverged: done.filter(({ diverged }) => diverged !== undefined).length,
  };
}

const factsOf = ({
  trainable,
  headTrainable,
  trainImages,
  epochs,
  learningRate,
  batchSize,
  preprocessing,
}: TrialResult) => ({
  trainable,
  headTrainable,
  trainImages,
  epochs,
  learningRate,
  batchSize,
  preprocessing,
});

function seedScores(
  seeds: readonly number[],
  about: Pick<SeedScores, "split" | "epoch" | "images">,
): SeedScores {
  return { ...about, mean: meanOf(seeds), std: stdOf(seeds) ?? null, seeds };
}

function testScores(results: readonly TrialResult[]): SeedScores | undefined {
  const scores = results.flatMap(({ test }) => test ?? []);
  const [first] = scores;
  const about = { split: "test", epoch: "last", images: first?.images ?? 0 } as const;
  return (
    first &&
    seedScores(
      scores.map(({ top1 }) => top1),
      about,
    )
  );
}

function epochScores(
  results: readonly TrialResult[],
  { split, epoch }: Pick<SeedScores, "split" | "epoch">,
): SeedScores | undefined {
  const scores = results.flatMap((result) => result.epochScores ?? []);
  const [first] = scores;
  const about = { split, epoch, images: first?.images ?? 0 };
  return (
    first &&
    seedScores(
      scores.map((score) => score[epoch].top1),
      about,
    )
  );
}
