/** Runs the trials of a study that are not recorded: what is ready goes to the next free process. */

import { rm, rmdir } from "node:fs/promises";
import { exists } from "../files/exists.ts";
import { eventStream } from "../runs/event-stream.ts";
import { runPaths } from "../runs/run-folder.ts";
import { type CellTrials, readyTrials } from "./cell-trials.ts";
import type { StudyEvent, TrialEvent } from "./events.ts";
import type { ResultsFile } from "./results-file.ts";
import { removeRun } from "./run-trial.ts";
import type { DataCopy } from "./study-data.ts";
import { measureProgress, workOf } from "./study-progress.ts";
import type { Trial } from "./trial.ts";
import { failedTrials, type RunTrials } from "./trial-pool.ts";

interface StudyRun {
  readonly cells: readonly CellTrials[];
  readonly copies: ReadonlyMap<string, DataCopy>;
  readonly results: ResultsFile;
  /** On this machine, in so many processes, or on others. */
  readonly runTrials: RunTrials;
  readonly processes: number | undefined;
  /** In all. */
  readonly trials: number;
  readonly keepAdapters: boolean;
  /** Of the trials' own folders. */
  readonly folder: string;
  /** Of the trial's state in a store, where there is one; called once the result is recorded. */
  readonly tidyStored?: (trial: Trial, keeps: boolean) => Promise<void>;
}

/** Ends when nothing is left to run, or when the signal is raised; failures are told at the end. */
export async function* runStudyTrials(
  run: StudyRun,
  signal: AbortSignal | undefined,
): AsyncGenerator<StudyEvent, void, void> {
  const { cells, results, runTrials, folder } = run;
  const { records } = results;
  const running = new Map<string, { readonly trial: Trial; share: number }>();
  const failed = new Map<string, string>();
  const failures: string[] = [];
  const work = workOf(cells, run.copies);
  await clean(run);

  /** The same data set as before, where there is any left: its images are decoded already. */
  const next = (before: Trial | undefined): Trial | undefined => {
    let first: Trial | undefined;
    for (const cell of cells)
      for (const trial of readyTrials(cell, records)) {
        if (running.has(trial.name) || failed.has(trial.name)) continue;
        if (before === undefined || trial.dataPath === before.dataPath) return start(trial);
        first ??= trial;
      }
    return first && start(first);
  };
  const start = (trial: Trial): Trial => {
    running.set(trial.name, { trial, share: 0 });
    return trial;
  };

  yield* eventStream<StudyEvent>(async (emit, signal) => {
    const tell = () => emit(measureProgress({ ...run, work }, running));
    tell();
    await runTrials({
      ...{ next, signal, onNote: (message) => emit({ type: "note", message }) },
      onProgress: ({ name }, share) => {
        const entry = running.get(name);
        if (entry) entry.share = share;
        tell();
      },
      onEnd: async (trial, end) => {
        if (end.type === "failed") {
          running.delete(trial.name);
          failed.set(trial.name, end.message);
          const message = `${describe(cells, trial)}: ${end.message}`;
          failures.push(message);
          emit({ type: "note", message });
          return;
        }
        const { result, cost } = end;
        // While it is written, others tell how far they are: it counts as it will.
        running.set(trial.name, { trial, share: 1 });
        await results.append({ type: "trial", name: trial.name, content: trial.content, result, cost });
        running.delete(trial.name);
        const keeps = run.keepAdapters && trial.content.purpose !== "validate";
        await run.tidyStored?.(trial, keeps);
        await tidy(trial, keeps);
        emit({ ...placeOf(cells, trial), result, cost });
        tell();
      },
    });
  }, signal);
  // It stays where trials or their adapters are in it.
  await rmdir(folder).catch(() => {});
  if (failures.length > 0 && !signal?.aborted) throw failedTrials(failures, run.trials);
}

/** What a killed study left of trials whose results it had recorded. */
async function clean({ cells, results, keepAdapters }: StudyRun): Promise<void> {
  for (const { tuning, final } of cells)
    for (const trial of [...tuning.flat(), ...final.flat()])
      if (results.records.has(trial.name))
        await tidy(trial, keepAdapters && trial.content.purpose !== "validate");
}

/** Of a trial that is recorded nothing is kept, or its adapter without the state of training, which takes three times as much. */
export async function tidy({ folder }: Trial, keeps: boolean): Promise<void> {
  if (!keeps) return removeRun(folder);
  if (await exists(folder)) await rm(runPaths(folder).checkpoint, { force: true });
}

/** Whether the trial is one of the cell's. */
const isOf = ({ tuning, final }: CellTrials, { name }: Trial): boolean =>
  [...tuning.flat(), ...final.flat()].some((trial) => trial.name === name);

export function placeOf(cells: readonly CellTrials[], trial: Trial): Omit<TrialEvent, "result" | "cost"> {
  const found = cells.find((cell) => isOf(cell, trial));
  if (!found) throw new Error("internal: a trial of no cell.");
  const { cell, tuning, final } = found;
  const setting = [tuning, final]
    .map((lists) => lists.findIndex((list) => list.some(({ name }) => name === trial.name)))
    .find((index) => index >= 0);
  return {
    ...{ type: "trial", name: trial.name, data: cell.data.name, method: cell.method.label },
    ...(cell.recipe !== undefined && { recipe: cell.recipe }),
    ...{ purpose: trial.content.purpose, varied: cell.settings[setting ?? 0]?.varied ?? {} },
    seed: trial.content.seed,
  };
}

function describe(cells: readonly CellTrials[], trial: Trial): string {
  const { data, method, recipe, purpose, seed } = placeOf(cells, trial);
  return `${data}, ${method}${recipe === undefined ? "" : `, ${recipe}`}, ${purpose}, seed ${seed}`;
}
