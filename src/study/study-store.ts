/** A study's side of a store that it shares with its workers: what they read is sent, their results taken, and the table laid beside. */

import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { eventStream } from "../runs/event-stream.ts";
import { runPaths } from "../runs/run-folder.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type CellTrials, countDone, countTrials, type Records } from "./cell-trials.ts";
import type { StudyEvent } from "./events.ts";
import type { PreparedStudy } from "./prepare-study.ts";
import type { ResultsFile } from "./results-file.ts";
import { putData, putModel } from "./stored-inputs.ts";
import { collectStored } from "./stored-results.ts";
import { removeState, StoredState } from "./stored-state.ts";
import type { studyPaths } from "./study-folder.ts";
import type { Trial } from "./trial.ts";

/** Takes the results that the store has of the study's trials. */
export async function takeStored(
  store: ObjectStore,
  { cells, results }: { readonly cells: readonly CellTrials[]; readonly results: ResultsFile },
): Promise<void> {
  const trials = cells.flatMap(({ tuning, final }) => [...tuning.flat(), ...final.flat()]);
  await collectStored(store, { results, trials: trials.map(({ name }) => name) });
}

/** Sends the model and the data sets of trials that are not recorded; returns how a trial is handed to a worker then. */
export async function* sendInputs(
  store: ObjectStore,
  prepared: PreparedStudy,
  { records, signal }: { readonly records: Records; readonly signal: AbortSignal | undefined },
): AsyncGenerator<StudyEvent, (trial: Trial) => Trial, void> {
  const {
    cells,
    datasets,
    copies,
    model: { source },
    input,
  } = prepared;
  const left = cells.filter((cell) => countDone(cell, records) < countTrials(cell));
  let model = "";
  yield* eventStream<StudyEvent>(async (emit, signal) => {
    const telling = (name: string, unit: string) => ({
      signal,
      onProgress: (done: number, total: number) =>
        emit({ type: "progress", label: `sending ${name}`, done, total, unit }),
    });
    for (const name of new Set(left.map(({ cell }) => cell.data.name))) {
      const dataset = datasets.get(name);
      const listing = copies.get(name)?.listing;
      if (dataset && listing !== undefined)
        await putData(store, { dataset, listing }, telling(name, "images"));
    }
    if (left.length > 0)
      model = await putModel(store, source ?? input.model ?? "", telling("the model", "files"));
  }, signal);
  const keeps = input.keepAdapters ?? false;
  return (trial) => ({
    ...trial,
    store: { address: store.address, model, keepState: keeps && trial.content.purpose !== "validate" },
  });
}

/** Of a trial that is recorded the store keeps the result; its adapter comes here where it is wanted. */
export async function tidyStored(store: ObjectStore, { name, folder }: Trial, keeps: boolean): Promise<void> {
  if (keeps) await new StoredState(store, name).fetchPart(folder, basename(runPaths(folder).adapter));
  await removeState(store, name);
}

/** Lays what the study has found beside what it was made of, for whoever reads the store. */
export async function publish(store: ObjectStore, paths: ReturnType<typeof studyPaths>): Promise<void> {
  for (const path of [paths.study, paths.results, paths.markdown, paths.html])
    await store.put(basename(path), await readFile(path));
}
