/** How far a study is, and how long it will take, judged by the trials that are done. */

import { settleTraining } from "../train/settle.ts";
import { type CellTrials, chooseSetting, type Records } from "./cell-trials.ts";
import type { StudyProgressEvent } from "./events.ts";
import type { DataCopy } from "./study-data.ts";
import { recipeOf, type Trial } from "./trial.ts";

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
export function workOf(cells: readonly CellTrials[], copies: ReadonlyMap<string, Sizes>): TrialWork {
  return new Map(
    cells.flatMap(({ cell, tuning, final }) =>
      [...tuning, ...final].flatMap((trials) => {
        const sizes = copies.get(cell.data.name);
        const work = trials[0] && sizes ? workOfTrial(trials[0], sizes) : 0;
        return trials.map(({ name }) => [name, work] as const);
      }),
    ),
  );
}

type Sizes = Pick<DataCopy, "images" | "classes">;

/** As many of each class as there are on average: epochs may follow from that. */
function workOfTrial({ content }: Trial, { images: { train, val, test }, classes }: Sizes): number {
  const validates = content.purpose === "validate";
  const images = validates ? train : train + val;
  const labels = Array.from({ length: images }, (_, at) => at % classes);
  const valExamples = validates ? val : content.purpose === "test" ? 0 : test;
  const { method } = content;
  const { epochs } = settleTraining({
    method,
    recipe: recipeOf(content),
    data: { labels, valExamples },
  }).recipe;
  return images * (1 + epochs);
}

/** What trials that are done had to do, and how long it took. */
interface Taken {
  readonly work: number;
  readonly seconds: number;
}

/** At the pace of the same row on any data set, else of the same method, else of all. */
export function measureProgress(
  { cells, work, results: { records }, processes, trials }: Measured,
  running: ReadonlyMap<string, { readonly share: number }>,
): StudyProgressEvent {
  const taken = new Map<string, Taken>();
  const open: { readonly keys: readonly string[]; readonly work: number }[] = [];
  let [workDone, workInAll] = [0, 0];
  for (const cellTrials of cells) {
    const { method, recipe = "" } = cellTrials.cell;
    const keys = [`row ${method.label}, ${recipe}`, `method ${method.name}`, "all"];
    for (const { name, isOpen } of trialsOf(cellTrials, records)) {
      const own = work.get(name) ?? 0;
      const record = isOpen ? undefined : records.get(name);
      const part = record ? 1 : (running.get(name)?.share ?? 0);
      workInAll += own;
      workDone += part * own;
      if (!record) open.push({ keys, work: (1 - part) * own });
      else
        for (const key of keys)
          taken.set(key, added(taken.get(key), { work: own, seconds: record.cost.seconds }));
    }
  }
  const done = trials - open.length;
  const shares = [...running.values()].map(({ share }) => share);
  const share = workInAll > 0 ? workDone / workInAll : 1;
  const progress = { type: "study-progress", done, trials, running: sumOf(shares), share } as const;
  if (!taken.has("all")) return progress;
  const seconds = sumOf(open.map(({ keys, work }) => work * secondsPerWork(taken, keys)));
  const begun = shares.filter((share) => share > 0).length;
  return { ...progress, secondsLeft: seconds / Math.max(1, Math.min(processes ?? begun, open.length)) };
}

/** Until a setting is chosen the first stands in, none of its trials done: all have as many. */
function trialsOf(cell: CellTrials, records: Records): readonly { name: string; isOpen: boolean }[] {
  const chosen = chooseSetting(cell, records);
  const final = cell.final[chosen ?? 0] ?? [];
  return [
    ...cell.tuning.flat().map(({ name }) => ({ name, isOpen: false })),
    ...final.map(({ name }) => ({ name, isOpen: chosen === undefined })),
  ];
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);

const added = (before: Taken | undefined, { work, seconds }: Taken): Taken => ({
  work: (before?.work ?? 0) + work,
  seconds: (before?.seconds ?? 0) + seconds,
});

function secondsPerWork(taken: ReadonlyMap<string, Taken>, keys: readonly string[]): number {
  const known = keys.map((key) => taken.get(key)).find((found) => found !== undefined);
  return known ? known.seconds / Math.max(1, known.work) : 0;
}
