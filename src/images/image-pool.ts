/** A pool of processes that decode and resize images, with a time limit per image and a memory limit for large ones. */

import { EngineError, FileError, unreachable } from "../errors.ts";
import { limits } from "../limits.ts";
import { ownModule } from "../own-package.ts";
import type { ImageAnswer, ImageResults, ImageTask, MemoryLimit } from "./image-process.ts";
import { ImageWorker } from "./image-worker.ts";

/** So many are decoded side by side as there are processes. */
const USUAL: MemoryLimit = {
  estimatedBytes: limits.USUAL_ESTIMATED_BYTES.value,
  measuredBytes: limits.USUAL_MEASURED_BYTES.value,
};
/** One at a time. */
const LARGE: MemoryLimit = {
  estimatedBytes: Number.POSITIVE_INFINITY,
  measuredBytes: limits.LARGE_MEASURED_BYTES.value,
};
const TIME_LIMIT_MS = limits.TIME_LIMIT_MS.value;
const MAX_FAILED_STARTS = limits.MAX_FAILED_STARTS.value;

interface Waiting {
  readonly task: ImageTask;
  readonly resolve: (result: ImageResults[ImageTask["type"]]) => void;
  readonly reject: (error: Error) => void;
  /** Its first process died, so it has a second and last try, among the large ones: memory may have run out. */
  readonly isRetry?: boolean;
}

interface Running {
  readonly waiting: Waiting;
  readonly memory: MemoryLimit;
}

export interface ImagePoolOptions {
  /** The module that each process runs. */
  readonly file?: URL;
  readonly timeLimitMs?: number;
  /** What images decoded side by side may take. */
  readonly usual?: MemoryLimit;
  /** What an image may take that is decoded while no other large one is. */
  readonly large?: MemoryLimit;
}

/** Starts processes on demand, and another where one died; idle ones do not keep this process alive. */
export class ImagePool {
  readonly #limit: number;
  readonly #file: URL;
  readonly #timeLimitMs: number;
  readonly #usual: MemoryLimit;
  readonly #large: MemoryLimit;
  /** Processes, and what each works on: at most one image, so that it is known which made a process die. */
  readonly #workers = new Map<ImageWorker, Running | undefined>();
  readonly #queue: Waiting[] = [];
  /** Those that need more memory than usual. */
  readonly #largeQueue: Waiting[] = [];
  /** In a row, of whichever process. */
  #failedStarts = 0;
  /** Set once the pool cannot be used any more: it was closed, or no process starts. */
  #ended: Error | undefined;

  constructor(
    processes: number,
    {
      file = ownModule("images/image-process"),
      timeLimitMs = TIME_LIMIT_MS,
      usual = USUAL,
      large = LARGE,
    }: ImagePoolOptions = {},
  ) {
    this.#limit = processes;
    this.#file = file;
    this.#timeLimitMs = timeLimitMs;
    this.#usual = usual;
    this.#large = large;
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Does the task in some process. */
  run<T extends ImageTask>(task: T): Promise<ImageResults[T["type"]]> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      const waiting: Waiting = { task, resolve: resolve as Waiting["resolve"], reject };
      // A transform goes first: it frees a whole image, where a load holds one more.
      if (task.type === "transform") this.#queue.unshift(waiting);
      else this.#queue.push(waiting);
      this.#handOut();
    });
  }

  /** Kills the processes; unfinished tasks are rejected. */
  async close(): Promise<void> {
    this.#end(new EngineError("The image store was closed while images were being read."));
    await this.#killAll();
  }

  #handOut(): void {
    while (this.#ended === undefined) {
      const isLarge = this.#largeQueue.length > 0 && !this.#isLargeRunning();
      const queue = isLarge ? this.#largeQueue : this.#queue;
      if (queue.length === 0) return;
      const worker = this.#idle();
      const waiting = worker && queue.shift();
      if (worker === undefined || waiting === undefined) return;
      this.#ask(worker, waiting, isLarge ? this.#large : this.#usual);
    }
  }

  #isLargeRunning(): boolean {
    return [...this.#workers.values()].some((running) => running?.memory === this.#large);
  }

  /** An idle process, else a new one, else none. */
  #idle(): ImageWorker | undefined {
    for (const [worker, running] of this.#workers) if (running === undefined) return worker;
    return this.#workers.size < this.#limit ? this.#start() : undefined;
  }

  #ask(worker: ImageWorker, waiting: Waiting, memory: MemoryLimit): void {
    this.#workers.set(worker, { waiting, memory });
    worker.ask(
      { task: waiting.task, memory },
      {
        timeLimitMs: this.#timeLimitMs,
        tooSlow: () => this.#tooSlow(worker),
        overgrown: () => this.#overgrown(worker),
      },
    );
  }

  /** A new process; without one, the pool has ended. */
  #start(): ImageWorker | undefined {
    try {
      const worker: ImageWorker = new ImageWorker(this.#file, {
        answered: (answer) => this.#receive(worker, answer),
        died: (how) => this.#died(worker, how),
      });
      this.#workers.set(worker, undefined);
      return worker;
    } catch (cause) {
      // Node throws where the operating system has no memory for a process, and tells later of other reasons.
      this.#giveUp(cause instanceof Error ? cause.message : String(cause), { cause });
      return undefined;
    }
  }

  /** Takes from a process what it works on. */
  #take(worker: ImageWorker): Running | undefined {
    const running = this.#workers.get(worker);
    worker.rest();
    this.#workers.set(worker, undefined);
    return running;
  }

  /** The same from one that is not used again. */
  #remove(worker: ImageWorker): Running | undefined {
    const running = this.#take(worker);
    this.#workers.delete(worker);
    return running;
  }

  #receive(worker: ImageWorker, answer: ImageAnswer): void {
    this.#failedStarts = 0;
    if (answer.type === "ready") return;
    if (answer.type === "overgrown") {
      this.#overgrown(worker);
      return;
    }
    const { waiting } = this.#take(worker) ?? {};
    if (waiting === undefined) return;
    switch (answer.type) {
      case "done":
        waiting.resolve(answer.result);
        break;
      case "failed":
        waiting.reject(answer.isFile ? new FileError(answer.message) : new Error(answer.message));
        break;
      case "large":
        this.#largeQueue.push(waiting);
        break;
      default:
        unreachable(answer);
    }
    this.#handOut();
  }

  /** Ends a process that takes more memory than allowed; its image has another try among the large ones. */
  #overgrown(worker: ImageWorker): void {
    const running = this.#remove(worker);
    void worker.kill();
    if (running === undefined) return;
    const { waiting, memory } = running;
    if (memory === this.#usual) this.#largeQueue.push(waiting);
    else
      waiting.reject(
        new FileError(
          `${waiting.task.where} takes more than ${memory.measuredBytes / 2 ** 30} GiB of memory to decode. Make it smaller or remove it.`,
        ),
      );
    this.#handOut();
  }

  #tooSlow(worker: ImageWorker): void {
    const running = this.#remove(worker);
    void worker.kill();
    if (running === undefined) return;
    const { task, reject } = running.waiting;
    reject(
      new FileError(
        `${task.where} is not decoded after ${this.#timeLimitMs / 1000} s, which no valid image takes. Save it again as PNG or remove it.`,
      ),
    );
    this.#handOut();
  }

  /** A process ended by itself, or somebody ended it. */
  #died(worker: ImageWorker, how: string): void {
    const running = this.#remove(worker);
    const { hasStarted } = worker;
    if (!hasStarted && ++this.#failedStarts >= MAX_FAILED_STARTS) {
      if (running) this.#queue.push(running.waiting);
      this.#giveUp(how);
      return;
    }
    if (running === undefined) return;
    const { waiting, memory } = running;
    if (!hasStarted) (memory === this.#large ? this.#largeQueue : this.#queue).unshift(waiting);
    else if (!waiting.isRetry) this.#largeQueue.push({ ...waiting, isRetry: true });
    else waiting.reject(crashed(waiting.task, how));
    this.#handOut();
  }

  #giveUp(how: string, options?: ErrorOptions): void {
    this.#end(
      new EngineError(
        `No image process can be started: ${how}. Memory may have run out: use fewer processes.`,
        options,
      ),
    );
    void this.#killAll();
  }

  async #killAll(): Promise<void> {
    const workers = [...this.#workers.keys()];
    this.#workers.clear();
    await Promise.all(workers.map((worker) => worker.kill()));
  }

  /** Rejects everything unfinished, now and from now on. */
  #end(error: Error): void {
    this.#ended ??= error;
    const running = [...this.#workers.keys()].flatMap((worker) => this.#take(worker)?.waiting ?? []);
    const unfinished = [...this.#queue, ...this.#largeQueue, ...running];
    this.#queue.length = 0;
    this.#largeQueue.length = 0;
    for (const { reject } of unfinished) reject(this.#ended);
  }
}

/** The cause tells a decoder that crashed from one that refused its file. */
const crashed = ({ where }: ImageTask, how: string): FileError =>
  new FileError(
    `${where} made two processes that decode images end, one after the other: ${how}. Memory may have run out, or its decoder crashes: save it again as PNG, or remove it.`,
    { cause: new EngineError(`An image process ended: ${how}.`) },
  );
