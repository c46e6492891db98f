/** A process that runs trials for a study, one at a time, until it is told to end or whoever started it is gone. */

import { RlrrError } from "../errors.ts";
import { FolderLockedError } from "../runs/run-lock.ts";
import { runTrial } from "./run-trial.ts";
import type { Trial, TrialCost, TrialResult } from "./trial.ts";
import { openWorkshop } from "./workshop.ts";

export type TrialQuestion =
  | { readonly type: "run"; readonly trial: Trial }
  /** Saves the state of the trial that runs. */
  | { readonly type: "stop" };

export type TrialAnswer =
  | { readonly type: "progress"; readonly share: number }
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

async function run(trial: Trial): Promise<void> {
  let toldMs = 0;
  const onProgress = (share: number) => {
    const now = performance.now();
    if (now - toldMs < watchMs) return;
    toldMs = now;
    tell({ type: "progress", share });
  };
  try {
    const options = { workshop, signal: stopping.signal, onProgress };
    const [outcome, peakBytes] = await watchMemory(() => runTrial(trial, options));
    if (outcome === undefined) tell({ type: "stopped" });
    else tell({ type: "result", result: outcome.result, cost: { seconds: outcome.seconds, peakBytes } });
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
