/** A study: a grid of data sets, methods, recipes and seeds, trained side by side, resumed wherever it was stopped. */

import { rm } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { InputError } from "../errors.ts";
import { checkCounts } from "../files/check-count.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import { showValue } from "../files/show-value.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { hashWeights } from "../model/hash.ts";
import type { Model } from "../model/model.ts";
import { type ReadModelOptions, readModel } from "../model/read-model.ts";
import { eventStream } from "../runs/event-stream.ts";
import { type AskedStudy, absolute, askedStudy } from "./asked-study.ts";
import { type CellTrials, countDone, countTrials, makeTrials } from "./cell-trials.ts";
import { chooseProcesses } from "./choose-processes.ts";
import { costsOf } from "./costs.ts";
import type { StudyDoneEvent, StudyEvent } from "./events.ts";
import { collect } from "./handed-in.ts";
import { planStudy, type StudyPlan } from "./plan-study.ts";
import { withPreset } from "./presets.ts";
import { connectQueue, type QueueConnection } from "./queue-connection.ts";
import { inQueue } from "./queue-trials.ts";
import { renderStudyHtml, renderStudyMarkdown } from "./render-study.ts";
import { openResultsFile, type ResultsFile } from "./results-file.ts";
import { runSlot } from "./run-slot.ts";
import { runStudyTrials } from "./run-study-trials.ts";
import { dataOfSlot } from "./slots.ts";
import { type DataCopy, describeCopy, openStudyData } from "./study-data.ts";
import { earlierStudy, openStudyFolder, studyPaths } from "./study-folder.ts";
import type { StudyInput } from "./study-schema.ts";
import { tabulate } from "./tabulate.ts";
import { inProcesses } from "./trial-pool.ts";

/** `out` holds results, tables, and trials that are not done. */
export interface StudyOptions extends AskedStudy {
  /** Run this trial alone, of the study that is in `out`, from 0: those that choose settings come first. Its result waits there for the study. */
  readonly trial?: number | undefined;
  /** Trials side by side; by default as many as cores and memory allow. Results do not depend on it. */
  readonly processes?: number | undefined;
  /** redis://HOST:PORT of a Valkey or Redis server: trials are run by those who `work` for it, on any number of machines. */
  readonly queue?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the progress of a download from the hub. */
  readonly onProgress?: ReadModelOptions["onProgress"];
}

const known: KnownOptions<StudyOptions> = {
  ...{ study: true, out: true, trial: true, processes: true, queue: true, signal: true, onProgress: true },
};

type Events = AsyncGenerator<StudyEvent, void, void>;

/**
 * Runs every trial that is not recorded in `out` yet, and ends with the table. Raising `signal`, or leaving the loop, saves
 * the trials that run; the same call goes on from there, and from wherever a killed study was, to the same table.
 */
export async function* study(options: StudyOptions): Events {
  checkOptions(options, { verb: "study", known });
  const { out, signal, processes, trial } = options;
  if (out === undefined) throw new InputError((show) => `study: ${show("out")} is missing.`);
  checkPath(out, { what: "study: out" });
  checkCounts({ processes });
  if (trial !== undefined && !(Number.isInteger(trial) && trial >= 0))
    throw new InputError(
      (show) => `${show("trial")} must be a whole number from 0, got ${showValue(trial)}.`,
    );
  if (trial !== undefined && options.queue !== undefined)
    throw new InputError(
      (show) =>
        `${show("trial")} is run here, and ${show("queue")} hands trials to workers; give one of them.`,
    );
  if (options.queue !== undefined && processes !== undefined)
    throw new InputError(
      (show) =>
        `${show("processes")} is a worker's with ${show("queue")}: a study trains nothing itself then.`,
    );
  try {
    const queue = options.queue === undefined ? undefined : await connectQueue(options.queue);
    const asked = await askedStudy(options);
    const input = await withPreset(asked);
    const plan = planStudy(input);
    if (input.model === undefined) throw new InputError((show) => `study: ${show("model")} is missing.`);
    const begun = await earlierStudy(out);
    const complete = { ...input, model: input.model };
    if (trial !== undefined) {
      if (!begun || options.study !== undefined)
        throw new InputError(
          (show) =>
            `${show("trial")} runs a trial of the study that is in ${out}, as it is there. ${begun ? "Leave out all that says what to study." : `There is none; ${show("emit")} writes it.`}`,
        );
      const { cells } = yield* prepare(complete, { plan, options, only: dataOfSlot(plan, trial) });
      return yield* runSlot({ cells, slot: trial, out, keepAdapters: input.keepAdapters ?? false }, signal);
    }
    const prepared = yield* prepare(complete, { plan, options });
    const placed = absolute(asked, prepared.model);
    if (begun && !isDeepStrictEqual(begun, JSON.parse(JSON.stringify(placed))))
      yield {
        type: "note",
        message: `${out} held another study. Its tables give way to this one's; ${basename(studyPaths(out).results)} keeps the trials of both.`,
      };
    const unlock = await openStudyFolder(out, placed);
    const results = await openResultsFile(studyPaths(out).results).catch(async (error: unknown) => {
      await unlock();
      throw error;
    });
    try {
      yield* runStudy(prepared, { results, options, queue });
    } finally {
      await results.close();
      await unlock();
    }
  } catch (error) {
    if (!signal?.aborted || error !== signal.reason) throw error;
    yield { type: "stopped", step: 0 };
  }
}

/** All that is known before the first trial. */
interface PreparedStudy {
  readonly input: StudyInput;
  readonly plan: StudyPlan;
  readonly model: Model;
  readonly threads: number;
  readonly copies: ReadonlyMap<string, DataCopy>;
  readonly cells: readonly CellTrials[];
}

/** Reads the model and hashes every image, so that a trial is named by what it is trained on. */
async function* prepare(
  input: StudyInput & { readonly model: string },
  {
    plan,
    options,
    only,
  }: {
    readonly plan: StudyPlan;
    readonly options: StudyOptions;
    /** The one data set that is needed, where it is one; trials of others have no names then. */
    readonly only?: string;
  },
): AsyncGenerator<StudyEvent, PreparedStudy, void> {
  const { signal, onProgress, out } = options;
  const { imageSize, heads, validationFraction, testFraction, skipBadImages = false } = input;
  const { provider = "cpu", threads = 1 } = input;
  const model = await readModel(input.model, {
    ...(imageSize !== undefined && { imageSize }),
    ...(heads !== undefined && { heads }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  for (const message of model.notes) yield { type: "note", message };
  const sha256 = await hashWeights(model, signal ? { signal } : {});
  const copies = new Map<string, DataCopy>();
  for (const { name, path } of plan.data) {
    if (only !== undefined && name !== only) continue;
    const dataset = await openStudyData(path, { validationFraction, testFraction, signal });
    for (const note of dataset.notes) yield { type: "note", message: `${name}: ${note}` };
    yield* eventStream<StudyEvent>(async (emit, signal) => {
      const onProgress = (done: number, total: number) =>
        emit({ type: "progress", label: `reading ${name}`, done, total, unit: "images" });
      copies.set(name, await describeCopy(dataset, { signal, onProgress }));
    }, signal);
  }
  const { imageSize: sizes } = model.config;
  const ownHeads = "heads" in model.config ? model.config.heads : undefined;
  const paths = studyPaths(resolve(out));
  const parts = {
    plan,
    common: {
      ...{
        model: { sha256, imageSize: sizes, heads: ownHeads },
        engine: { provider, threads },
        skipBadImages,
      },
    },
    trial: {
      ...{ validationFraction, testFraction, imageSize, heads },
      ...{ model: model.source ?? input.model, features: `${paths.features}/${provider}-${threads}` },
    },
    listings: new Map([...copies].map(([name, { listing }]) => [name, listing])),
    folderOf: (name: string) => `${paths.trials}/${name}`,
  };
  const cells = plan.cells.map((cell) => makeTrials(cell, parts));
  return { input, plan, model, threads, copies, cells };
}

interface RunParts {
  readonly results: ResultsFile;
  readonly options: StudyOptions;
  readonly queue: QueueConnection | undefined;
}

async function* runStudy(prepared: PreparedStudy, { results, options, queue }: RunParts): Events {
  const { input, plan, model, threads, copies, cells } = prepared;
  const { out, signal } = options;
  const { records } = results;
  const paths = studyPaths(out);
  await collect(paths.handedIn, results);
  const trials = cells.reduce((sum, cell) => sum + countTrials(cell), 0);
  const done = cells.reduce((sum, cell) => sum + countDone(cell, records), 0);
  const processes = chooseProcesses({
    asked: options.processes,
    threads,
    trials: Math.max(1, trials - done),
    model,
  });
  const where = queue ? { queue: queue.shown } : { processes };
  yield { type: "start", cells: cells.length, trials, done, ...where, threads };
  const finish = async (): Promise<StudyDoneEvent> => {
    const table = tabulate({ plan, cells, copies, records });
    const { select, reference } = plan;
    const costs = costsOf(cells, records);
    const shown = { input, plan, copies, table, costs, model: model.id };
    await writeFileAtomically(paths.markdown, renderStudyMarkdown(shown));
    await writeFileAtomically(paths.html, renderStudyHtml(shown));
    return { type: "study", select, ...(reference !== undefined && { reference }), ...table };
  };
  const keepAdapters = input.keepAdapters ?? false;
  yield* runStudyTrials(
    {
      ...{ cells, copies, results, trials, keepAdapters, folder: paths.trials },
      ...(queue
        ? { runTrials: inQueue(queue, resolve(out)), processes: undefined }
        : { runTrials: inProcesses(processes), processes }),
    },
    signal,
  );
  const table = await finish();
  if (signal?.aborted) {
    yield { type: "stopped", step: cells.reduce((sum, cell) => sum + countDone(cell, records), 0) };
    return;
  }
  await rm(paths.features, { recursive: true, force: true });
  const { results: file, markdown, html } = paths;
  yield { type: "costs", files: { results: file, markdown, html }, rows: costsOf(cells, records) };
  yield table;
}
