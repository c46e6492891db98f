/** A worker thread from a file beside the caller, in TypeScript while working and in JavaScript once compiled. */

import { Worker, type WorkerOptions } from "node:worker_threads";

/** Node 20 runs no TypeScript by itself, and its workers do not inherit the loader of the main thread. */
const TYPESCRIPT_LOADER = ["--import", new URL("./worker-loader.mjs", import.meta.url).href];

/**
 * Starts the worker at `new URL("./x.worker.ts", import.meta.url)`.
 * Flags of this process (a test runner's, a profiler's) are not passed on; those in `execArgv` are.
 */
export function spawnWorker(file: URL, options: WorkerOptions = {}): Worker {
  const loader = file.pathname.endsWith(".ts") ? TYPESCRIPT_LOADER : [];
  return new Worker(file, { ...options, execArgv: [...loader, ...(options.execArgv ?? [])] });
}
