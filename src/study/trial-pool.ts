/** Processes that run trials side by side. What is run next is decided when one is free. */

import { EngineError } from "../errors.ts";
import { limits } from "../limits.ts";
import type { Trial } from "./trial.ts";
import { type TrialEnd, TrialWorker } from "./trial-worker.ts";

export interface TrialSource {
  /** What a free process should run, given what it ran before; nothing where nothing is ready. */
  readonly next: (before: Trial | undefined) => Trial | undefined;
  readonly onProgress: (trial: Trial, share: number) => void;
  readonly onEnd: (trial: Trial, end: TrialEnd) => Promise<void>;
  /** What keeps trials from being run, for the user to see. */
  readonly onNote?: (message: string) => void;
  /** Where it is raised, running trials save their states. */
  readonly signal: AbortSignal;
}

/** Runs trials until none is left, or the signal is raised. Rejects with the first error of `onEnd`. */
export type RunTrials = (source: TrialSource) => Promise<void>;

/** In processes of this machine. */
export const inProcesses =
  (processes: number): RunTrials =>
  (source) =>
    runPool(source, processes);

async function runPool({ next, onProgress, onEnd, signal }: TrialSource, processes: number): Promise<void> {
  const workers = new Map<TrialWorker, Trial | undefined>();
  const before = new Map<TrialWorker, Trial>();
  let failure: { readonly error: unknown } | undefined;
  await new Promise<void>((resolve) => {
    const isOver = () => [...workers.values()].every((trial) => trial === undefined);
    const finish = (worker: TrialWorker, trial: Trial, end: TrialEnd | undefined) => {
      workers.set(worker, undefined);
      if (worker.isDead) workers.delete(worker);
      Promise.resolve(end && onEnd(trial, end))
        .catch((error: unknown) => {
          failure ??= { error };
          stopAll();
        })
        .then(handOut);
    };
    const stopAll = () => {
      for (const [worker, trial] of workers) if (trial) worker.stop();
    };
    const handOut = () => {
      while (!signal.aborted && !failure) {
        for (const [worker, trial] of workers) if (!trial && worker.isDead) workers.delete(worker);
        const idle = [...workers].find(([, trial]) => trial === undefined)?.[0];
        if (!idle && workers.size >= processes) break;
        const trial = next(idle && before.get(idle));
        if (!trial) break;
        const worker = idle ?? new TrialWorker();
        workers.set(worker, trial);
        before.set(worker, trial);
        worker.run(trial, { onProgress, onEnd: (end) => finish(worker, trial, end) });
      }
      if (isOver()) resolve();
    };
    signal.addEventListener("abort", stopAll, { once: true });
    handOut();
  });
  await Promise.all([...workers.keys()].map((worker) => worker.close()));
  if (failure) throw failure.error;
}

/** What is thrown at the end of a study of which some trials failed. */
export const failedTrials = (failures: readonly string[], trials: number): EngineError =>
  new EngineError(
    `${failures.length} of ${trials} trials failed; all others are recorded. Run the study again to try these again.\n${failures.slice(0, limits.MAX_PRINTED.value).join("\n")}`,
  );
