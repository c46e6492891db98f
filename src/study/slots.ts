/** The places of a study's trials in one order, known before any is run: those that choose, then those that are chosen for. */

import { InputError } from "../errors.ts";
import { type CellTrials, chooseSetting, isHopeless, type Records } from "./cell-trials.ts";
import type { StudyPlan } from "./plan-study.ts";
import type { Trial } from "./trial.ts";

/** How many trials choose settings on validation images, and how many are read on test images. */
export interface SlotCounts {
  readonly tuning: number;
  readonly final: number;
}

export const countSlots = ({ cells, seeds, tuneSeeds }: StudyPlan): SlotCounts => ({
  tuning: cells.reduce((sum, { settings }) => sum + settings.length * tuneSeeds.length, 0),
  final: cells.length * seeds.length,
});

/** Which data set a slot is of, from 0. */
export function dataOfSlot(plan: StudyPlan, slot: number): string {
  const { tuning, final } = countSlots(plan);
  if (slot >= tuning + final)
    throw new InputError(
      (show) =>
        `${show("trial")} must be below ${tuning + final}, the number of the study's trials, got ${slot}.`,
    );
  const cells =
    slot < tuning
      ? plan.cells.flatMap((cell) => cell.settings.flatMap(() => plan.tuneSeeds.map(() => cell)))
      : plan.cells.flatMap((cell) => plan.seeds.map(() => cell));
  const cell = cells[slot < tuning ? slot : slot - tuning];
  if (!cell) throw new Error("internal: a slot of no cell.");
  return cell.data.name;
}

/**
 * The trial of a slot; one that is read on test images has the setting that the recorded trials choose. Undefined where every
 * setting diverged, so that there is none to test.
 */
export function trialOfSlot(
  cells: readonly CellTrials[],
  { slot, records }: { readonly slot: number; readonly records: Records },
): Trial | undefined {
  const tuning = cells.flatMap((cell) => cell.tuning.flat());
  const found = tuning[slot];
  if (found) return found;
  const finals = cells.flatMap((cell) => (cell.final[0] ?? []).map((_, seed) => ({ cell, seed })));
  const place = finals[slot - tuning.length];
  if (!place) throw new Error("internal: a slot of no trial.");
  const { cell, seed } = place;
  if (isHopeless(cell, records)) return undefined;
  const setting = chooseSetting(cell, records);
  if (setting === undefined) {
    const missing = tuning.flatMap(({ name }, at) => (isOf(cell, name) && !records.has(name) ? [at] : []));
    throw new InputError(
      `Trial ${slot} has the setting that others choose, of which ${missing.length} are not recorded yet: ${missing.join(", ")}. Run these first.`,
    );
  }
  return cell.final[setting]?.[seed];
}

const isOf = ({ tuning }: CellTrials, name: string): boolean =>
  tuning.flat().some((trial) => trial.name === name);
