/** Decomposes matrices in worker threads, as many at once as there are threads. */

import type { Worker } from "node:worker_threads";
import { EngineError } from "../errors.ts";
import { ownModule } from "../own-package.ts";
import { spawnWorker } from "../spawn-worker.ts";
import type { Matrix } from "./matrix.ts";
import type { SpectraReply, SpectraRequest } from "./spectra.worker.ts";
import type { SingularPart, SvdOptions } from "./svd.ts";

/** A·Aᵀ where A has no more rows than columns, else Aᵀ·A. */
export type Gram = (matrix: Matrix) => Promise<Float64Array<ArrayBuffer>>;

/** Close it when done: what is under way ends with it. */
export class SpectraPool {
  readonly #idle: Worker[] = [];
  readonly #all: Worker[] = [];
  readonly #waiting: ((worker: Worker) => void)[] = [];
  readonly #size: number;
  readonly #gram: Gram;

  constructor(threads: number, gram: Gram) {
    this.#size = threads;
    this.#gram = gram;
  }

  /** As `decompose` in svd.ts, which says what its options are. */
  async decompose(matrix: Matrix, options: Omit<SvdOptions, "gram">): Promise<SingularPart> {
    const gram = await this.#gram(matrix);
    const worker = await this.#take();
    try {
      return await ask(worker, { matrix, options: { ...options, gram } });
    } finally {
      const next = this.#waiting.shift();
      if (next) next(worker);
      else this.#idle.push(worker);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((worker) => worker.terminate()));
  }

  #take(): Promise<Worker> {
    const idle = this.#idle.pop();
    if (idle) return Promise.resolve(idle);
    if (this.#all.length === this.#size) return new Promise((resolve) => this.#waiting.push(resolve));
    const worker = spawnWorker(ownModule("spectra/spectra.worker"));
    this.#all.push(worker);
    return Promise.resolve(worker);
  }
}

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
