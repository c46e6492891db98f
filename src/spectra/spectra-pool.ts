/** Decomposes matrices in worker threads, as many at once as there are threads. */

import type { Worker } from "node:worker_threads";
import { EngineError } from "../errors.ts";
import { ownModule } from "../own-package.ts";
import { spawnWorker } from "../spawn-worker.ts";
import type { Matrix } from "./matrix.ts";
import type { SpectraReply, SpectraRequest } from "./spectra.worker.ts";
import type { SingularPart, SvdOptions } from "./svd.ts";

/** `SvdOptions` says of which product. */
export type Gram = (matrix: Matrix) => Promise<Float64Array<ArrayBuffer>>;

interface Waiting {
  readonly resolve: (worker: Worker) => void;
  readonly reject: (error: EngineError) => void;
}

/** Close it when done: what is under way ends with it. */
export class SpectraPool {
  readonly #idle: Worker[] = [];
  readonly #all: Worker[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #size: number;
  readonly #gram: Gram;
  #isClosed = false;

  constructor(threads: number, gram: Gram) {
    this.#size = threads;
    this.#gram = gram;
  }

  /** As `decompose` in svd.ts. A thread waits for its product, so that no more products are held than there are threads. */
  async decompose(matrix: Matrix, options: Omit<SvdOptions, "gram">): Promise<SingularPart> {
    const worker = await this.#take();
    try {
      const gram = await this.#gram(matrix);
      if (this.#isClosed) throw closed();
      return await ask(worker, { matrix, options: { ...options, gram } });
    } finally {
      const next = this.#waiting.shift();
      if (next) next.resolve(worker);
      else this.#idle.push(worker);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { reject } of this.#waiting.splice(0)) reject(closed());
    await Promise.all(this.#all.map((worker) => worker.terminate()));
  }

  #take(): Promise<Worker> {
    if (this.#isClosed) return Promise.reject(closed());
    const idle = this.#idle.pop();
    if (idle) return Promise.resolve(idle);
    if (this.#all.length === this.#size)
      return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
    const worker = spawnWorker(ownModule("spectra/spectra.worker"));
    this.#all.push(worker);
    return Promise.resolve(worker);
  }
}

const closed = () => new EngineError("The threads that compute singular values are closed.");

/** One request at a time per worker, so no reply needs a name. */
function ask(worker: Worker, request: SpectraRequest): Promise<SingularPart> {
  return new Promise((resolve, reject) => {
    const end = () => {
      worker.off("message", answered).off("error", failed).off("exit", ended);
      worker.unref();
    };
    const fail = (reason: string) => {
      end();
      reject(new EngineError(`The thread that computes singular values ${reason}.`));
    };
    const answered = (reply: SpectraReply) => {
      if (reply.failed !== undefined) return fail(`failed: ${reply.failed}`);
      end();
      resolve(reply.result);
    };
    const failed = (error: Error) => fail(`stopped: ${error.message}`);
    const ended = () => fail("was ended");
    worker.on("message", answered).on("error", failed).on("exit", ended);
    worker.ref();
    worker.postMessage(request, request.options.gram ? [request.options.gram.buffer as ArrayBuffer] : []);
  });
}
