/** Runs a prepared run in its folder: a stream of events that ends with an adapter on disk. */

import { adapterFolder, readAdapter } from "../adapter/adapter-file.ts";
import { FileError, type RlrrError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { Closers } from "../train/closers.ts";
import { DivergedError, stepsDone } from "../train/epochs.ts";
import { fit } from "../train/fit.ts";
import type { Position } from "./checkpoint.ts";
import { doneEvent } from "./done-event.ts";
import type { TrainEvent } from "./events.ts";
import { type OpenedRun, openRun, type RunOptions } from "./open-run.ts";
import { type PreparedRun, prepareRun } from "./prepare-run.ts";
import { Recorder, writeReport } from "./recorder.ts";
import { validatedOn } from "./validated-on.ts";

type Events = AsyncGenerator<TrainEvent, void, void>;

/**
 * Trains and writes the adapter into `out`. Raising `signal`, or leaving the loop, saves the state; a run that was stopped or
 * killed continues with `resume`, to the same results as if it had never stopped. A raised signal ends with `stopped`.
 */
export async function* runTraining(options: RunOptions): Events {
  const { signal } = options;
  let step = 0;
  try {
    const opened = await openRun(options);
    try {
      const { position } = opened.resumed ?? {};
      step = position ? stepsDone(position) : 0;
      if (position?.finished) return yield* finished(opened, position);
      const closers = new Closers();
      try {
        yield* follow(yield* prepareRun(opened, closers));
      } finally {
        await closers.close();
      }
    } finally {
      await opened.folder.close();
    }
  } catch (error) {
    // Raised before the first step: there is nothing new to save.
    if (!signal?.aborted || error !== signal.reason) throw error;
    yield { type: "stopped", step };
  }
}

/** Trains, and records the events. */
async function* follow(run: PreparedRun): Events {
  const { signal } = run.options;
  const recorder = new Recorder(run);
  // The state is worth saving, unless the error says that it is not.
  let worthSaving = true;
  try {
    for await (const event of fit(run.fitOptions)) yield* recorder.record(event);
    worthSaving = false;
  } catch (error) {
    worthSaving = false;
    const { standsAt: step } = recorder;
    if (error instanceof DivergedError) throw await divergedIn(run, { error, savedStep: recorder.savedStep });
    if (step === undefined || !signal?.aborted || error !== signal.reason) throw error;
    yield* recorder.end();
    yield { type: "stopped", step };
  } finally {
    if (worthSaving) for await (const _ of recorder.end());
    await recorder.close();
  }
}

/** The state is not saved: one that leads to NaN is not good, even where all its numbers are numbers. */
async function divergedIn(
  run: PreparedRun,
  { error, savedStep }: { error: DivergedError; savedStep: number },
): Promise<RlrrError> {
  const { folder, splits } = run;
  for await (const _ of writeReport({ ...run, trainExamples: splits.train, valExamples: splits.val }));
  return new DivergedError(
    `${error.message} The last good state, after step ${savedStep}, is kept in ${folder.paths.checkpoint}; start again in a new folder.`,
    { cause: error },
  );
}

/** The events of a run that is already finished. If it was killed at the very end, its report may be missing. */
async function* finished(opened: OpenedRun, position: Position): Events {
  const { folder, options, recipe } = opened;
  if ((await adapterFolder(folder.path)) === undefined)
    throw new FileError(
      `${folder.path}: this run is finished, but its adapter is gone. Restore ${folder.paths.adapter}, or remove ${folder.path} to train again.`,
    );
  const { train: trainExamples, val: valExamples } = options.dataset.splits;
  if (!(await exists(folder.paths.report))) yield* writeReport({ ...opened, trainExamples, valExamples });
  const { best, epoch, seconds } = position;
  const kept =
    recipe.select !== "last" && best ? { epoch: best.epoch, valTop1: best.top1 } : { epoch: epoch - 1 };
  const step = stepsDone(position);
  const stoppedEarly = !position.cv && epoch < recipe.epochs;
  const { ownMethod } = opened.chosen;
  const { training } = await readAdapter(folder.path, { methods: ownMethod ? [ownMethod] : [] });
  const { trainImages, validationImages } = training;
  const { epochs, folds } = recipe;
  const { kind, images } = validatedOn(opened, options.dataset.splits);
  const validated = { kind, images: (kind === "held-out" ? validationImages : trainImages) ?? images };
  const done = doneEvent(opened, { ...kept, validated, step, seconds, stoppedEarly });
  yield { ...done, finishedBefore: { epochs, folds, trainImages, validationImages } };
}
