/** One trial of a study, run apart from it: its result is handed in, and the study collects it. */

import { exists } from "../files/exists.ts";
import { eventStream } from "../runs/event-stream.ts";
import type { CellTrials } from "./cell-trials.ts";
import type { StudyEvent } from "./events.ts";
import { handedIn, handIn } from "./handed-in.ts";
import { recordsIn } from "./results-file.ts";
import { placeOf, tidy } from "./run-study-trials.ts";
import { trialOfSlot } from "./slots.ts";
import { studyPaths } from "./study-folder.ts";
import { failedTrials, inProcesses } from "./trial-pool.ts";

export interface SlotRun {
  readonly cells: readonly CellTrials[];
  readonly slot: number;
  readonly out: string;
  readonly keepAdapters: boolean;
}

/** Any number of them may run at once, on machines that share the study's folder; none takes its lock. */
export async function* runSlot(
  { cells, slot, out, keepAdapters }: SlotRun,
  signal: AbortSignal | undefined,
): AsyncGenerator<StudyEvent, void, void> {
  const paths = studyPaths(out);
  // Those that were handed in first: a study that collects moves them into its results.
  const apart = await handedIn(paths.handedIn);
  const records = new Map(
    [...(await recordsIn(paths.results)), ...apart].map((record) => [record.name, record]),
  );
  const trial = trialOfSlot(cells, { slot, records });
  if (!trial || records.has(trial.name)) {
    const why = trial ? "is recorded already" : "has nothing to do, as every setting diverged";
    yield { type: "note", message: `Trial ${slot} ${why}.` };
    return;
  }
  let failure: string | undefined;
  let waits = true;
  yield* eventStream<StudyEvent>(async (emit, signal) => {
    await inProcesses(1)({
      signal,
      next: () => (waits ? trial : undefined),
      onProgress: (_, share) => emit({ type: "study-progress", done: 0, trials: 1, running: share, share }),
      onEnd: async (_, end) => {
        waits = false;
        if (end.type === "failed") {
          failure = end.message;
          return;
        }
        const { result, cost } = end;
        await handIn(paths.handedIn, {
          type: "trial",
          name: trial.name,
          content: trial.content,
          result,
          cost,
        });
        if (await exists(trial.folder))
          await tidy(trial, keepAdapters && trial.content.purpose !== "validate");
        emit({ ...placeOf(cells, trial), result, cost });
      },
    });
  }, signal);
  if (failure !== undefined && !signal?.aborted) throw failedTrials([failure], 1);
  if (waits || signal?.aborted) yield { type: "stopped", step: 0 };
}
