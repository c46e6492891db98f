/** A process that runs trials for a study, one at a time, until it is told to end or whoever started it is gone. */

import { RlrrError } from "../errors.ts";
import { FolderLockedError } from "../runs/run-lock.ts";
import { runStoredTrial } from "./run-stored-trial.ts";
import { type RunTrialOptions, runTrial } from "./run-trial.ts";
import type { Trial, TrialCost, TrialResult } from "./trial.ts";
import { openWorkshop } from "./workshop.ts";

export type TrialQuestion =
  | { readonly type: "run"; readonly trial: Trial }
  /** Saves the state of the trial that runs. */
  | { readonly type: "stop" };

export type TrialAnswer =
  | { readonly type: "progress"; readonly share: number }
  /** An earlier run had got to this step. */
  | { readonly type: "resumed"; readonly step: number }
  | { readonly type: "result"; readonly result: TrialResult; readonly cost: TrialCost }
  | { readonly type: "stopped" }
  | {
      readonly type: "failed";
      readonly message: string;
      readonly code: string;
      /** Whether another process holds its folder, and so may end soon. */
      readonly isLocked: boolean;
    };

/** Between looks at this process's memory, and between words on how far it is. */
const watchMs = 200;

const workshop = openWorkshop();
const stopping = new AbortController();
const tell = (answer: TrialAnswer): void => {
  process.send?.(answer, () => {});
};

/** Watches the memory while `work` runs; the highest that was seen. */
async function watchMemory<T>(work: () => Promise<T>): Promise<readonly [T, peakBytes: number]> {
  let peakBytes = process.memoryUsage.rss();
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }, watchMs);
  try {
    const result = await work();
    return [result, Math.max(peakBytes, process.memoryUsage.rss())];
  } finally {
    clearInterval(watch);
  }
}

/** Nothing where it was stopped. */
async function finish(
  trial: Trial,
  options: RunTrialOptions,
): Promise<{ readonly result: TrialResult; readonly cost: TrialCost } | undefined> {
  const { store } = trial;
  if (store) return runStoredTrial({ ...trial, store }, { ...options, measure: watchMemory });
  const [outcome, peakBytes] = await watchMemory(() => runTrial(trial, options));
  return outcome && { result: outcome.result, cost: { seconds: outcome.seconds, peakBytes } };
}

async function run(trial: Trial): Promise<void> {
  let toldMs = 0;
  const onProgress = (share: number) => {
    const now = performance.now();
    if (now - toldMs < watchMs) return;
    toldMs = now;
    tell({ type: "progress", share });
  };
  try {
    const onResumed = (step: number) => tell({ type: "resumed", step });
    const ended = await finish(trial, { workshop, signal: stopping.signal, onProgress, onResumed });
    tell(ended ? { type: "result", result: ended.result, cost: ended.cost } : { type: "stopped" });
  } catch (error) {
    if (stopping.signal.aborted && error === stopping.signal.reason) return tell({ type: "stopped" });
    const isOurs = error instanceof RlrrError;
    const message = isOurs ? error.message : `internal: ${error instanceof Error ? error.stack : error}`;
    tell({
      type: "failed",
      message,
      code: isOurs ? error.code : "INTERNAL",
      isLocked: error instanceof FolderLockedError,
    });
  }
}

process.on("message", (question: TrialQuestion) => {
  if (question.type === "stop") stopping.abort();
  else void run(question.trial);
});
// Whoever started it is gone, perhaps killed: the last checkpoint is on disk, and nobody waits for more.
process.on("disconnect", () => process.exit(0));
