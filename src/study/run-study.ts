/** Runs what a study has not recorded, here or through a queue, and writes its table. */

import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { writeFileAtomically } from "../files/write-file.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { countDone, countTrials, type Records } from "./cell-trials.ts";
import { chooseProcesses } from "./choose-processes.ts";
import { costsOf } from "./costs.ts";
import type { StudyDoneEvent, StudyEvent } from "./events.ts";
import { collect } from "./handed-in.ts";
import type { PreparedStudy } from "./prepare-study.ts";
import type { QueueConnection } from "./queue-connection.ts";
import { inQueue } from "./queue-trials.ts";
import { renderStudyHtml, renderStudyMarkdown } from "./render-study.ts";
import type { ResultsFile } from "./results-file.ts";
import { runStudyTrials } from "./run-study-trials.ts";
import { studyPaths } from "./study-folder.ts";
import type { StudyOptions } from "./study-options.ts";
import { publish, sendInputs, takeStored, tidyStored } from "./study-store.ts";
import { tabulate } from "./tabulate.ts";
import { inProcesses } from "./trial-pool.ts";

type Events = AsyncGenerator<StudyEvent, void, void>;

export interface RunParts {
  readonly results: ResultsFile;
  readonly options: StudyOptions;
  readonly queue: QueueConnection | undefined;
  readonly store: ObjectStore | undefined;
}

export async function* runStudy(prepared: PreparedStudy, parts: RunParts): Events {
  const { cells, copies, input } = prepared;
  const { results, options, queue, store } = parts;
  const { out, signal } = options;
  const { records } = results;
  const paths = studyPaths(out);
  await collect(paths.handedIn, results);
  if (store) await takeStored(store, { cells, results });
  const trials = cells.reduce((sum, cell) => sum + countTrials(cell), 0);
  const countAll = () => cells.reduce((sum, cell) => sum + countDone(cell, records), 0);
  const processes = processesFor(prepared, { options, left: trials - countAll() });
  const { threads } = prepared;
  const where = queue ? { queue: queue.shown, ...(store && { bucket: store.address }) } : { processes };
  yield { type: "start", cells: cells.length, trials, done: countAll(), ...where, threads };
  const hand = store && (yield* sendInputs(store, prepared, { records, signal }));
  yield* runStudyTrials(
    {
      ...{ cells, copies, results, trials, keepAdapters: input.keepAdapters ?? false },
      ...{ folder: paths.trials, ...(store && { tidyStored: tidyStored.bind(undefined, store) }) },
      ...(queue
        ? { runTrials: inQueue(queue, { study: store?.address ?? resolve(out), hand }), processes: undefined }
        : { runTrials: inProcesses(processes), processes }),
    },
    signal,
  );
  const table = await writeTable(prepared, { records, paths });
  if (store) await publish(store, paths);
  if (signal?.aborted) return yield { type: "stopped", step: countAll() };
  await rm(paths.features, { recursive: true, force: true });
  const { results: file, markdown, html } = paths;
  yield { type: "costs", files: { results: file, markdown, html }, rows: costsOf(cells, records) };
  yield table;
}

const processesFor = (
  { threads, model }: PreparedStudy,
  { options, left }: { readonly options: StudyOptions; readonly left: number },
): number => chooseProcesses({ asked: options.processes, threads, trials: Math.max(1, left), model });

async function writeTable(
  { input, plan, copies, cells, model }: PreparedStudy,
  { records, paths }: { readonly records: Records; readonly paths: ReturnType<typeof studyPaths> },
): Promise<StudyDoneEvent> {
  const table = tabulate({ plan, cells, copies, records });
  const { select, reference } = plan;
  const shown = { input, plan, copies, table, costs: costsOf(cells, records), model: model.id };
  await writeFileAtomically(paths.markdown, renderStudyMarkdown(shown));
  await writeFileAtomically(paths.html, renderStudyHtml(shown));
  return { type: "study", select, ...(reference !== undefined && { reference }), ...table };
}
