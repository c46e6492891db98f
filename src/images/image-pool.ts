/** Worker threads that decode and resize: tasks in, images out. */

import type { Worker } from "node:worker_threads";
import { EngineError, FileError } from "../errors.ts";
import type { Image } from "../preprocessing/image.ts";
import { spawnWorker } from "../spawn-worker.ts";
import type { ImageAnswer, ImageTask } from "./image-task.ts";

/** While one image of a thread is decoded outside JavaScript, the other is resized. */
const TASKS_PER_THREAD = 2;

const WORKER_FILE = new URL("./image.worker.ts", import.meta.url);

interface Waiting {
  readonly task: ImageTask;
  readonly resolve: (image: Image) => void;
  readonly reject: (error: Error) => void;
}

interface Thread {
  readonly worker: Worker;
  readonly running: Map<number, Waiting>;
}

/** Starts threads as work comes; idle ones do not keep the process alive. */
export class ImagePool {
  readonly #limit: number;
  readonly #threads: Thread[] = [];
  readonly #queue: Waiting[] = [];
  #nextId = 0;
  /** Set once the pool is of no more use: closed, or a thread has died. */
  #ended: Error | undefined;

  readonly #file: URL;

  constructor(threads: number, { file = WORKER_FILE }: { readonly file?: URL } = {}) {
    this.#limit = threads;
    this.#file = file;
  }

  /** Does the task on some thread. */
  run(task: ImageTask): Promise<Image> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      // A transform goes first: it lets go of a whole picture, where a load takes hold of one more.
      if (task.type === "transform") this.#queue.unshift({ task, resolve, reject });
      else this.#queue.push({ task, resolve, reject });
      this.#handOut();
    });
  }

  /** Stops the threads; what is unfinished is rejected. */
  async close(): Promise<void> {
    this.#end(new EngineError("The image store was closed while images were being read."));
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #handOut(): void {
    while (this.#queue.length > 0) {
      const thread = this.#leastBusy();
      if (thread === undefined) return;
      const waiting = this.#queue.shift();
      if (waiting === undefined) return;
      const id = this.#nextId++;
      thread.running.set(id, waiting);
      thread.worker.ref();
      thread.worker.postMessage({ id, task: waiting.task });
    }
  }

  /** An idle thread, else a new one, else one with room, else none. */
  #leastBusy(): Thread | undefined {
    const best = this.#threads.toSorted((a, b) => a.running.size - b.running.size)[0];
    if (best?.running.size === 0) return best;
    if (this.#threads.length < this.#limit) return this.#start();
    return best !== undefined && best.running.size < TASKS_PER_THREAD ? best : undefined;
  }

  #start(): Thread {
    const worker = spawnWorker(this.#file);
    const thread: Thread = { worker, running: new Map() };
    worker.on("message", (answer: ImageAnswer) => this.#receive(thread, answer));
    worker.on("error", (cause) => this.#fail(`An image thread stopped: ${cause.message}.`, cause));
    worker.on("exit", (code) => this.#fail(`An image thread stopped with exit code ${code}.`));
    this.#threads.push(thread);
    return thread;
  }

  #receive(thread: Thread, answer: ImageAnswer): void {
    const waiting = thread.running.get(answer.id);
    thread.running.delete(answer.id);
    // Not while it ends: the process must stay to see the end of its threads.
    if (thread.running.size === 0 && this.#ended === undefined) thread.worker.unref();
    if ("image" in answer) waiting?.resolve(answer.image);
    else waiting?.reject(answer.file ? new FileError(answer.message) : new Error(answer.message));
    this.#handOut();
  }

  #fail(message: string, cause?: Error): void {
    if (this.#ended !== undefined) return;
    this.#end(
      new EngineError(`${message} Memory may have run out: use fewer threads or smaller images.`, { cause }),
    );
    for (const { worker } of this.#threads) void worker.terminate();
  }

  /** Rejects everything unfinished, now and from now on. */
  #end(error: Error): void {
    this.#ended ??= error;
    const unfinished = [...this.#queue, ...this.#threads.flatMap(({ running }) => [...running.values()])];
    this.#queue.length = 0;
    for (const { running } of this.#threads) running.clear();
    for (const { reject } of unfinished) reject(this.#ended);
  }
}
