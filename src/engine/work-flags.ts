/** Flags shared by an engine's two threads, so that the process never exits during native work, which would abort it. */

import { limits } from "../limits.ts";

const working = 0;
const stopping = 1;

export const newWorkFlags = (): Int32Array => new Int32Array(new SharedArrayBuffer(8));

/** In the worker, before native work. False if the process is exiting: then no new work may start. */
export function beginWork(flags: Int32Array): boolean {
  // Stored first, then checked, so that `finishWork` cannot miss it.
  Atomics.store(flags, working, 1);
  if (Atomics.load(flags, stopping) === 0) return true;
  endWork(flags);
  return false;
}

/** In the worker, after native work. */
export function endWork(flags: Int32Array): void {
  Atomics.store(flags, working, 0);
  Atomics.notify(flags, working);
}

/**
 * Of all engines together. Node itself waits for a thread's native work when the process exits, and the binding then aborts the
 * process: to wait less here ends nothing earlier, and loses the exit code. This adds waiting only where a thread has just
 * died for lack of memory: then its flag stays set.
 */
const patienceMs = limits.WORK_PATIENCE_MS.value;

/** Engines with work in progress. The process has one exit listener while there are any. */
const busy = new Set<Int32Array>();

export function watchExit(flags: Int32Array): void {
  if (busy.size === 0) process.on("exit", finishWork);
  busy.add(flags);
}

export function unwatchExit(flags: Int32Array): void {
  if (busy.delete(flags) && busy.size === 0) process.off("exit", finishWork);
}

/** process.exit() ends threads too: this waits for running work but not for queued requests, and keeps the exit code. */
function finishWork(): void {
  for (const flags of busy) Atomics.store(flags, stopping, 1);
  const deadline = performance.now() + patienceMs;
  for (const flags of busy) Atomics.wait(flags, working, 1, Math.max(0, deadline - performance.now()));
}
