/** Training: an async stream of events that ends with an adapter on disk. */

import { eventStream } from "./event-stream.ts";
import type { TrainEvent } from "./events.ts";
import { Loop } from "./loop.ts";
import { openRun, type TrainOptions } from "./open-run.ts";
import { prepareRun } from "./run.ts";
import { doneEvent } from "./run-events.ts";

export type { TrainOptions } from "./open-run.ts";

/**
 * Trains and writes the adapter into `out`. Raising `signal` saves the state and ends with `stopped`; a run that was
 * stopped or killed goes on with `resume`, to the same numbers as if it never had been.
 */
export const train = (options: TrainOptions): AsyncGenerator<TrainEvent, void, void> =>
  eventStream((emit, signal) => run({ ...options, signal }, { emit, signal }), options.signal);

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
      if (position?.finished) return emit(doneEvent(opened, position));
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
