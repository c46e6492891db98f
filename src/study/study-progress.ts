/** How far a study is, and how long it will take, judged by the trials that are done. */

import { type CellTrials, countDone, countTrials, type Records } from "./cell-trials.ts";
import type { StudyProgressEvent } from "./events.ts";
import { meanOf } from "./statistics.ts";
import type { DataCopy } from "./study-data.ts";

interface Measured {
  readonly cells: readonly CellTrials[];
  readonly copies: ReadonlyMap<string, DataCopy>;
  readonly results: { readonly records: Records };
  /** Absent where others run the trials: as many as have begun. */
  readonly processes: number | undefined;
  readonly trials: number;
}

/** By trials of the same method, per training image; of a method that none is done of, by those of all. */
export function measureProgress(
  { cells, copies, results: { records }, processes, trials }: Measured,
  running: ReadonlyMap<string, { readonly share: number }>,
): StudyProgressEvent {
  const paces = new Map<string, number[]>();
  const open = cells.map((trialsOfCell) => {
    const { cell, tuning, final } = trialsOfCell;
    let shares = 0;
    for (const { name } of [...tuning.flat(), ...final.flat()]) {
      shares += running.get(name)?.share ?? 0;
      const record = records.get(name);
      if (!record) continue;
      const pace = record.cost.seconds / Math.max(1, record.result.trainImages);
      paces.set(cell.method.label, [...(paces.get(cell.method.label) ?? []), pace]);
    }
    const left = countTrials(trialsOfCell) - countDone(trialsOfCell, records);
    return { method: cell.method.label, left, shares, images: copies.get(cell.data.name)?.images.train ?? 0 };
  });
  const left = open.reduce((sum, cell) => sum + cell.left, 0);
  const shares = [...running.values()].reduce((sum, { share }) => sum + share, 0);
  const progress = { type: "study-progress", done: trials - left, trials, running: shares } as const;
  const all = [...paces.values()].flat();
  if (all.length === 0) return progress;
  const seconds = open.reduce((sum, { method, left, shares, images }) => {
    const pace = meanOf(paces.get(method) ?? all);
    return sum + Math.max(0, left - shares) * pace * images;
  }, 0);
  const begun = [...running.values()].filter(({ share }) => share > 0).length;
  return { ...progress, secondsLeft: seconds / Math.max(1, Math.min(processes ?? begun, left)) };
}
