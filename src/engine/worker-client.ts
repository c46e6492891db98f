/** Requests to a worker thread and their replies, matched by id; the worker starts at the first request. */

import type { Worker } from "node:worker_threads";
import { EngineError } from "../errors.ts";
import { ownModule } from "../own-package.ts";
import { spawnWorker } from "../spawn-worker.ts";
import type { Reply, Request } from "./onnx.worker.ts";
import { newWorkFlags, unwatchExit, watchExit } from "./work-flags.ts";

type ReplyTo<R extends Request> = Extract<Reply, { type: R["type"] }>;
interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}
interface Thread {
  readonly worker: Worker;
  readonly flags: Int32Array;
  readonly waiting: Map<number, Waiting>;
}

export class WorkerClient {
  readonly #module: URL | undefined;
  #thread: Thread | undefined;
  #asked = 0;
  #closed = false;
  /** Resolves when every request so far has been answered. */
  #answered: Promise<void> = Promise.resolve();

  /** `module`: what the thread runs; ONNX Runtime where left out. */
  constructor(module?: URL) {
    this.#module = module;
  }

  ask<R extends Request>(request: R, transfer: readonly ArrayBuffer[] = []): Promise<ReplyTo<R>> {
    const id = this.#asked++;
    const answer = new Promise<ReplyTo<R>>((resolve, reject) => {
      if (this.#closed) throw new EngineError("ONNX Runtime: the engine is closed.");
      this.#thread ??= this.#start();
      const { worker, flags, waiting } = this.#thread;
      worker.postMessage({ id, ...request }, [...transfer]);
      // A pending reply keeps the process alive; an idle engine does not.
      worker.ref();
      watchExit(flags);
      waiting.set(id, { resolve: (reply) => resolve(reply as ReplyTo<R>), reject });
    });
    this.#answered = Promise.allSettled([this.#answered, answer]).then(() => {});
    return answer;
  }

  /** Waits for pending requests: terminated during a run, ONNX Runtime's binding aborts the whole process. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#answered;
    await this.#thread?.worker.terminate();
  }

  #start(): Thread {
    // Since 1.29 ONNX Runtime's builds report to Microsoft unless this is set before they load. Collecting the machine's
    // facts for it also overflows the thread's stack where the command line is long.
    process.env.ORT_DISABLE_TELEMETRY ??= "1";
    const flags = newWorkFlags();
    const worker = spawnWorker(this.#module ?? ownModule("engine/onnx.worker"), { workerData: flags });
    const thread: Thread = { worker, flags, waiting: new Map() };
    worker.on("message", (reply: Reply & { id: number }) => receive(thread, reply));
    const fail = (reason: string) => {
      if (this.#thread === thread) this.#thread = undefined;
      for (const { reject } of thread.waiting.values())
        reject(new EngineError(`ONNX Runtime's thread ${reason}.`));
      thread.waiting.clear();
      unwatchExit(flags);
    };
    worker.on("error", (error) => fail(`stopped: ${error.message}`));
    worker.on("messageerror", (error) => fail(`sent what cannot be read: ${error.message}`));
    worker.on("exit", (code) => fail(`ended with code ${code}`));
    return thread;
  }
}

function receive({ worker, flags, waiting }: Thread, reply: Reply & { id: number }): void {
  const one = waiting.get(reply.id);
  waiting.delete(reply.id);
  if (waiting.size === 0) {
    worker.unref();
    unwatchExit(flags);
  }
  if (reply.type === "failed") one?.reject(new EngineError(`ONNX Runtime: ${reply.message}`));
  else one?.resolve(reply);
}
