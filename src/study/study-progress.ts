/** How far a study is, and how long it will take, judged by the trials that are done. */

import { settleTraining } from "../train/settle.ts";
import { type CellTrials, chooseSetting, type Records } from "./cell-trials.ts";
import type { StudyProgressEvent } from "./events.ts";
import type { DataCopy } from "./study-data.ts";
import type { Trial } from "./trial.ts";

/** By the names of trials: images that each reads, once for its start and validation and once more in each epoch. */
export type TrialWork = ReadonlyMap<string, number>;

interface Measured {
  readonly cells: readonly CellTrials[];
  readonly work: TrialWork;
  readonly results: { readonly records: Records };
  /** Absent where others run the trials: as many as have begun. */
  readonly processes: number | undefined;
  readonly trials: number;
}

/** The trials of one setting differ in their seeds alone. */
export function workOf(
  cells: readonly CellTrials[],
  copies: ReadonlyMap<string, Pick<DataCopy, "images">>,
): TrialWork {
  return new Map(
    cells.flatMap(({ cell, tuning, final }) =>
      [...tuning, ...final].flatMap((trials) => {
        const work = trials[0] ? passes(trials[0], copies.get(cell.data.name)?.images) : 0;
        return trials.map(({ name }) => [name, work] as const);
      }),
    ),
  );
}

function passes(
  { content: { purpose, method, recipe } }: Trial,
  { train, val }: Pick<DataCopy["images"], "train" | "val"> = { train: 0, val: 0 },
): number {
  const images = purpose === "validate" ? train : train + val;
  const data = { labels: Array<number>(images).fill(0), valExamples: purpose === "validate" ? val : 0 };
  return images * (1 + settleTraining({ method, recipe, data }).recipe.epochs);
}

/** Images and seconds of trials that are done. */
interface Pace {
  images: number;
  seconds: number;
}

/** At the pace of the same row on any data set, else of the same method, else of all. */
export function measureProgress(
  { cells, work, results: { records }, processes, trials }: Measured,
  running: ReadonlyMap<string, { readonly share: number }>,
): StudyProgressEvent {
  const paces = new Map<string, Pace>();
  const open: { readonly keys: readonly string[]; readonly images: number }[] = [];
  let [done, images, allImages] = [0, 0, 0];
  for (const cellTrials of cells) {
    const { label, name: method } = cellTrials.cell.method;
    const keys = [`row ${label}, ${cellTrials.cell.recipe}`, `method ${method}`, "all"];
    for (const { name } of trialsOf(cellTrials, records)) {
      const own = work.get(name) ?? 0;
      const record = records.get(name);
      const share = record ? 1 : (running.get(name)?.share ?? 0);
      allImages += own;
      images += share * own;
      if (record) {
        done++;
        for (const key of keys) addPace(paces, key, { images: own, seconds: record.cost.seconds });
      } else open.push({ keys, images: (1 - share) * own });
    }
  }
  const shares = [...running.values()].reduce((sum, { share }) => sum + share, 0);
  const part = allImages > 0 ? images / allImages : 1;
  const progress = { type: "study-progress", done, trials, running: shares, share: part } as const;
  if (!paces.has("all")) return progress;
  const seconds = open.reduce((sum, { keys, images }) => sum + images * secondsPerImage(paces, keys), 0);
  const begun = [...running.values()].filter(({ share }) => share > 0).length;
  return { ...progress, secondsLeft: seconds / Math.max(1, Math.min(processes ?? begun, trials - done)) };
}

/** As many as there will be, whichever setting is chosen. */
function trialsOf(cell: CellTrials, records: Records): readonly Trial[] {
  return [...cell.tuning.flat(), ...(cell.final[chooseSetting(cell, records) ?? 0] ?? [])];
}

function addPace(paces: Map<string, Pace>, key: string, { images, seconds }: Pace): void {
  const pace = paces.get(key) ?? { images: 0, seconds: 0 };
  pace.images += images;
  pace.seconds += seconds;
  paces.set(key, pace);
}

function secondsPerImage(paces: ReadonlyMap<string, Pace>, keys: readonly string[]): number {
  const known = keys.find((key) => paces.has(key));
  const { images, seconds } = paces.get(known ?? "") ?? { images: 0, seconds: 0 };
  return seconds / Math.max(1, images);
}
