/** A worker thread from a module of ours: TypeScript in a checkout, JavaScript once built. */

import { Worker, type WorkerOptions } from "node:worker_threads";

/**
 * Starts the worker at `new URL("./x.worker.ts", import.meta.url)`.
 * Flags of this process (a test runner's, a profiler's) are not passed on. Idle, it does not keep the process alive.
 */
export function spawnWorker(module: URL, options: WorkerOptions = {}): Worker {
  const typescript = module.pathname.endsWith(".ts");
  // Node 20 reads no TypeScript by itself, and a thread does not inherit the loader of the main one.
  const first = typescript ? new URL("./typescript-worker.mjs", import.meta.url) : module;
  const worker = new Worker(first, { ...options, argv: [module.href], execArgv: [] });
  worker.unref();
  return worker;
}
