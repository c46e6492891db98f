/** The table of a study: a row per data set, method and recipe, and the means over the sets. */

import { type CellTrials, chooseSetting, type Records } from "./cell-trials.ts";
import type { StudyPlan } from "./plan-study.ts";
import { meanInterval, meanOf, stdOf } from "./statistics.ts";
import type { DataCopy } from "./study-data.ts";
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

/** Paired by seed: this method minus the reference, in points. */
export interface Difference {
  readonly reference: string;
  readonly mean: number;
  /** 95 % by Student's t over seeds; null of one seed. */
  readonly interval: readonly [low: number, high: number] | null;
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

/** Means over the data sets, of a method and a recipe. */
export interface MeanRow {
  readonly method: string;
  readonly recipe?: string;
  readonly sets: number;
  /** Over all sets alike: `Mean19` of VTAB-1k. */
  readonly mean: Omit<SeedScores, "images" | "split" | "epoch">;
  /** Over the means of the groups: `Mean3g`; absent where sets have no groups. */
  readonly groupMean?: MeanRow["mean"] & { readonly groups: number };
  readonly difference?: Difference;
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

function differenceOf(
  own: readonly number[],
  other: readonly number[],
  reference: string | undefined,
): Difference | undefined {
  if (reference === undefined || own.length !== other.length) return undefined;
  const seeds = own.map((value, index) => value - (other[index] ?? Number.NaN));
  return { reference, mean: meanOf(seeds), interval: meanInterval(seeds) ?? null, seeds };
}

/** Each seed's mean over the sets, then mean and std over seeds. Only of methods that have all sets. */
function meansOf(rows: readonly StudyRow[], plan: StudyPlan): readonly MeanRow[] {
  const keys = [
    ...new Map(
      rows.map(({ method, recipe }) => [JSON.stringify([method, recipe]), { method, recipe }]),
    ).values(),
  ];
  const bare = keys.flatMap(({ method, recipe }): MeanRow[] => {
    const own = rows.filter((row) => row.method === method && row.recipe === recipe);
    const scores = own.flatMap(({ test, group }) => (test ? [{ seeds: test.seeds, group }] : []));
    if (own.length < 2 || scores.length < own.length) return [];
    const mean = overSets(scores.map(({ seeds }) => seeds));
    const groups = [...new Set(scores.map(({ group }) => group))];
    const isGrouped = groups.length > 1 && !groups.includes(undefined);
    const inGroups = groups.map(
      (group) => overSets(scores.filter((score) => score.group === group).map(({ seeds }) => seeds)).seeds,
    );
    const groupMean = isGrouped ? { ...overSets(inGroups), groups: groups.length } : undefined;
    const named = { method, ...(recipe !== undefined && { recipe }) };
    return [{ ...named, sets: own.length, mean, ...(groupMean && { groupMean }) }];
  });
  return bare.map((row) => {
    const other = bare.find(({ method, recipe }) => method === plan.reference && recipe === row.recipe);
    const difference =
      other && other !== row && differenceOf(row.mean.seeds, other.mean.seeds, plan.reference);
    return { ...row, ...(difference && { difference }) };
  });
}

function overSets(sets: readonly (readonly number[])[]): MeanRow["mean"] {
  const seeds = (sets[0] ?? []).map((_, seed) => meanOf(sets.map((values) => values[seed] ?? Number.NaN)));
  return { mean: meanOf(seeds), std: stdOf(seeds) ?? null, seeds };
}
