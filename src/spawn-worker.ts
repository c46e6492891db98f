/** Starts one of our modules as a worker thread: TypeScript in a checkout, JavaScript once built. */

import { Worker, type WorkerOptions } from "node:worker_threads";
import { firstModule } from "./own-package.ts";

/**
 * Starts the worker `module`, found by `ownModule`.
 * Flags of this process (a test runner's, a profiler's) are not passed on. Idle, it does not keep the process alive.
 */
export function spawnWorker(module: URL, options: WorkerOptions = {}): Worker {
  const worker = new Worker(firstModule(module), { ...options, argv: [module.href], execArgv: [] });
  worker.unref();
  return worker;
}
