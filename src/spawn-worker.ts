/** Starts one of our modules as a worker thread: TypeScript in a checkout, JavaScript once built. */

import { Worker, type WorkerOptions } from "node:worker_threads";

/** The compiler rewrites the extensions of imports to `.js`, but not those of URLs: that is done here. */
const isBuilt = import.meta.url.endsWith(".js");

/**
 * Starts the worker at `new URL("./x.worker.ts", import.meta.url)`.
 * Flags of this process (a test runner's, a profiler's) are not passed on. Idle, it does not keep the process alive.
 */
export function spawnWorker(module: URL, options: WorkerOptions = {}): Worker {
  const { href } = isBuilt ? new URL(module.href.replace(/\.ts$/, ".js")) : module;
  // Node 20 reads no TypeScript by itself, and a thread does not inherit the loader of the main one.
  const first = href.endsWith(".ts") ? new URL("./typescript-worker.mjs", import.meta.url) : new URL(href);
  const worker = new Worker(first, { ...options, argv: [href], execArgv: [] });
  worker.unref();
  return worker;
}
