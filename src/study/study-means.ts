/** Means over the data sets of a study, and differences from a reference method, both seed by seed. */

import type { StudyPlan } from "./plan-study.ts";
import { meanInterval, meanOf, stdOf } from "./statistics.ts";
import type { SeedScores, StudyRow } from "./tabulate.ts";

/** Paired by seed: this method minus the reference, in points. */
export interface Difference {
  readonly reference: string;
  readonly mean: number;
  /** 95 % by Student's t over seeds; null of one seed. */
  readonly interval: readonly [low: number, high: number] | null;
  readonly seeds: readonly number[];
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

export function differenceOf(
  own: readonly number[],
  other: readonly number[],
  reference: string | undefined,
): Difference | undefined {
  if (reference === undefined || own.length !== other.length) return undefined;
  const seeds = own.map((value, index) => value - (other[index] ?? Number.NaN));
  return { reference, mean: meanOf(seeds), interval: meanInterval(seeds) ?? null, seeds };
}

/** Each seed's mean over the sets, then mean and std over seeds. Only of methods that have all sets. */
export function meansOf(rows: readonly StudyRow[], plan: StudyPlan): readonly MeanRow[] {
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
