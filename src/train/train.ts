/** Training: an async stream of events that ends with an adapter on disk. */

import { adapterFolder } from "../adapter/adapter-file.ts";
import { FileError, RlrrError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import type { Position } from "./checkpoint.ts";
import { eventStream } from "./event-stream.ts";
import type { DoneEvent, TrainEvent } from "./events.ts";
import { Loop } from "./loop.ts";
import { type OpenedRun, openRun, type TrainOptions } from "./open-run.ts";
import { prepareRun } from "./run.ts";
import { doneEvent } from "./run-events.ts";
import { writeRunReport } from "./write-run-report.ts";

export type { TrainOptions } from "./open-run.ts";

/**
 * Trains and writes the adapter into `out`. Raising `signal` saves the state and ends with `stopped`; a run that was
 * stopped or killed goes on with `resume`, to the same numbers as if it never had been.
 */
export const train = (options: TrainOptions): AsyncGenerator<TrainEvent, void, void> =>
  eventStream((emit, signal) => run({ ...options, signal }, { emit, signal }), options.signal);

/** Of a run that has nothing left to train. Killed at its very end, it may lack its page. */
async function finished(opened: OpenedRun, position: Position, emit: Ends["emit"]): Promise<DoneEvent> {
  const { folder, options } = opened;
  if ((await adapterFolder(folder.path)) === undefined)
    throw new FileError(
      `${folder.path}: this run is finished, but its adapter is gone. Restore ${folder.paths.adapter}, or remove ${folder.path} to train anew.`,
    );
  const { train: trainExamples, val: valExamples } = options.dataset.splits;
  if (!(await exists(folder.paths.report)))
    await writeRunReport({ ...opened, trainExamples, valExamples }).catch((error: unknown) => {
      if (!(error instanceof RlrrError)) throw error;
      emit({ type: "note", message: error.message });
    });
  return doneEvent(opened, position);
}

interface Ends {
  readonly emit: (event: TrainEvent) => void;
  readonly signal: AbortSignal;
}

async function run(options: TrainOptions, { emit, signal }: Ends): Promise<void> {
  let step = 0;
  try {
    const opened = await openRun(options);
    try {
      const { position } = opened.resumed ?? {};
      step = position?.step ?? 0;
      if (position?.finished) return emit(await finished(opened, position, emit));
      const run = await prepareRun(opened, emit);
      try {
        await new Loop(run, { emit, signal }).run();
      } finally {
        await run.close();
      }
    } finally {
      await opened.folder.close();
    }
  } catch (error) {
    // Raised before the first step: there is nothing new to save.
    if (!signal.aborted || error !== signal.reason) throw error;
    emit({ type: "stopped", step });
  }
}
