/** The trials of a cell: each setting on validation images, then the chosen one on test images. */

import type { Cell, StudyPlan } from "./plan-study.ts";
import { meanOf } from "./statistics.ts";
import { nameTrial, type Purpose, type Trial, type TrialContent, type TrialRecord } from "./trial.ts";

/** What all trials of a study have in common, but for their data. */
export type CommonContent = Pick<TrialContent, "model" | "engine" | "skipBadImages">;
export type CommonTrial = Omit<Trial, "name" | "content" | "dataPath" | "folder">;

export interface CellTrials {
  readonly cell: Cell;
  /** By setting, then by seed. */
  readonly tuning: readonly (readonly Trial[])[];
  /** The final trials of each setting, by seed; those of one setting are run. */
  readonly final: readonly (readonly Trial[])[];
}

export interface TrialParts {
  readonly plan: StudyPlan;
  readonly common: CommonContent;
  readonly trial: CommonTrial;
  /** By the name of the data set: `DataCopy.listing`. */
  readonly listings: ReadonlyMap<string, string>;
  /** Of a trial of this name. */
  readonly folderOf: (name: string) => string;
}

export function makeTrials(cell: Cell, { plan, common, trial, listings, folderOf }: TrialParts): CellTrials {
  const { data, images, settings } = cell;
  const make = (purpose: Purpose, seeds: readonly number[]) =>
    settings.map(({ method, recipe }) =>
      seeds.map((seed): Trial => {
        const listing = listings.get(data.name) ?? "";
        const content: TrialContent = { purpose, data: listing, ...common, method, recipe, images, seed };
        const name = nameTrial(content);
        return { ...trial, name, content, dataPath: data.path, folder: folderOf(name) };
      }),
    );
  const { seeds, tuneSeeds, select } = plan;
  return {
    cell,
    tuning: make("validate", tuneSeeds),
    final: make(select === "test" ? "test-epochs" : "test", seeds),
  };
}

export type Records = ReadonlyMap<string, TrialRecord>;

/**
 * The setting with the highest mean accuracy on validation images after the last epoch; of equal ones that with the lower
 * loss, then the first. A setting that diverged is not chosen. Undefined while trials are missing, or where all diverged.
 */
export function chooseSetting({ tuning }: CellTrials, records: Records): number | undefined {
  if (tuning.length === 1) return 0;
  let best: { readonly setting: number; readonly top1: number; readonly loss: number } | undefined;
  for (const [setting, trials] of tuning.entries()) {
    const found = trials.map(({ name }) => records.get(name)?.result);
    if (found.some((result) => result === undefined)) return undefined;
    const scores = found.flatMap((result) => result?.epochScores?.last ?? []);
    if (scores.length < found.length) continue;
    const [top1, loss] = [
      meanOf(scores.map((score) => score.top1)),
      meanOf(scores.map((score) => score.loss)),
    ];
    if (!best || top1 > best.top1 || (top1 === best.top1 && loss < best.loss)) best = { setting, top1, loss };
  }
  return best?.setting;
}

/** Trials of a cell that can be run now: all of tuning, and the final ones once a setting is chosen. */
export function readyTrials(cell: CellTrials, records: Records): readonly Trial[] {
  const chosen = chooseSetting(cell, records);
  const final = chosen === undefined ? [] : (cell.final[chosen] ?? []);
  return [...cell.tuning.flat(), ...final].filter(({ name }) => !records.has(name));
}

/** How many trials a cell has in all, whichever setting is chosen. */
export const countTrials = ({ tuning, final }: CellTrials): number =>
  tuning.flat().length + (final[0]?.length ?? 0);

/** How many of them are recorded. */
export function countDone(cell: CellTrials, records: Records): number {
  const chosen = chooseSetting(cell, records);
  const final = chosen === undefined ? [] : (cell.final[chosen] ?? []);
  return [...cell.tuning.flat(), ...final].filter(({ name }) => records.has(name)).length;
}

/** Whether no setting can be chosen, as all diverged: nothing more can be run. */
export const isHopeless = (cell: CellTrials, records: Records): boolean =>
  chooseSetting(cell, records) === undefined && cell.tuning.flat().every(({ name }) => records.has(name));
