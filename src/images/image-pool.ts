/** A pool of processes that decode and resize images, with a time limit per image and a memory limit for large ones. */

import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { EngineError, FileError, unreachable } from "../errors.ts";
import { limits } from "../limits.ts";
import type { ImageAnswer, ImageQuestion, ImageResults, ImageTask, MemoryLimit } from "./image-process.ts";

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
/** A killed process ends at once, unless the machine itself hangs. */
const END_MS = limits.END_MS.value;

/** The compiler rewrites the extensions of imports to `.js`, but not those of URLs: that is done here. */
const isBuilt = import.meta.url.endsWith(".js");
const PROCESS_FILE = new URL(`./image-process.${isBuilt ? "js" : "ts"}`, import.meta.url);

interface Waiting {
  readonly task: ImageTask;
  readonly resolve: (result: ImageResults[ImageTask["type"]]) => void;
  readonly reject: (error: Error) => void;
}

interface Running {
  readonly waiting: Waiting;
  readonly memory: MemoryLimit;
  readonly timer: NodeJS.Timeout;
}

interface Worker {
  readonly child: ChildProcess;
  /** At most one, so that it is known which image made a process die. */
  running: Running | undefined;
  /** The end of its standard error: why it could not start. */
  complaint: string;
}

/** Starts processes on demand; idle ones do not keep this process alive. */
export class ImagePool {
  readonly #limit: number;
  readonly #file: URL;
  readonly #timeLimitMs: number;
  readonly #workers = new Set<Worker>();
  readonly #queue: Waiting[] = [];
  /** Those that need more memory than usual. */
  readonly #large: Waiting[] = [];
  /** Set once the pool cannot be used any more: it was closed, or a process died. */
  #ended: Error | undefined;

  constructor(
    processes: number,
    {
      file = PROCESS_FILE,
      timeLimitMs = TIME_LIMIT_MS,
    }: { readonly file?: URL; readonly timeLimitMs?: number } = {},
  ) {
    this.#limit = processes;
    this.#file = file;
    this.#timeLimitMs = timeLimitMs;
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
    await Promise.all([...this.#workers].map((worker) => this.#stop(worker)));
  }

  #handOut(): void {
    while (this.#ended === undefined) {
      const isLarge = this.#large.length > 0 && !this.#isLargeRunning();
      const queue = isLarge ? this.#large : this.#queue;
      if (queue.length === 0) return;
      const worker = this.#idle();
      const waiting = worker && queue.shift();
      if (worker === undefined || waiting === undefined) return;
      this.#ask(worker, waiting, isLarge ? LARGE : USUAL);
    }
  }

  #isLargeRunning(): boolean {
    return [...this.#workers].some(({ running }) => running?.memory === LARGE);
  }

  /** An idle process, else a new one, else none. */
  #idle(): Worker | undefined {
    for (const worker of this.#workers) if (worker.running === undefined) return worker;
    return this.#workers.size < this.#limit ? this.#start() : undefined;
  }

  #ask(worker: Worker, waiting: Waiting, memory: MemoryLimit): void {
    const timer = setTimeout(() => this.#tooSlow(worker, waiting), this.#timeLimitMs);
    worker.running = { waiting, memory, timer };
    worker.child.ref();
    worker.child.channel?.ref();
    const question: ImageQuestion = { task: waiting.task, memory };
    // A failed send shows as the exit of the process.
    worker.child.send(question, () => {});
  }

  #start(): Worker {
    // Node 20 reads no TypeScript by itself.
    const first = this.#file.href.endsWith(".ts")
      ? new URL("../typescript-worker.mjs", import.meta.url)
      : this.#file;
    const child = fork(fileURLToPath(first), [this.#file.href], {
      serialization: "advanced", // typed arrays stay what they are
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: [], // flags of a test runner or a profiler
      // Ctrl-C in a terminal reaches a whole group of processes; this one is ended by us.
      detached: process.platform !== "win32",
    });
    const worker: Worker = { child, running: undefined, complaint: "" };
    const stopped = (how: string) => {
      if (!this.#workers.has(worker)) return;
      const why = /^\w*Error.*$/m.exec(worker.complaint)?.[0];
      if (worker.running) this.#fail(worker.running.waiting.task, why ?? how);
      this.#workers.delete(worker);
    };
    child.on("message", (answer: ImageAnswer) => this.#receive(worker, answer));
    child.on("error", (cause) => stopped(cause.message));
    child.on("close", (code, signal) => stopped(signal ?? `exit code ${code}`));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      worker.complaint = (worker.complaint + text).slice(-4000);
    });
    (child.stderr as Socket | null)?.unref();
    child.unref();
    child.channel?.unref();
    this.#workers.add(worker);
    return worker;
  }

  #receive(worker: Worker, answer: ImageAnswer): void {
    const { running } = worker;
    if (running === undefined) return; // it was ended while it answered
    const { waiting, memory } = running;
    this.#rest(worker);
    switch (answer.type) {
      case "done":
        waiting.resolve(answer.result);
        break;
      case "failed":
        waiting.reject(answer.isFile ? new FileError(answer.message) : new Error(answer.message));
        break;
      case "large":
        this.#large.push(waiting);
        break;
      case "overgrown":
        void this.#stop(worker);
        if (memory === USUAL) this.#large.push(waiting);
        else
          waiting.reject(
            new FileError(
              `${waiting.task.where} takes more than ${LARGE.measuredBytes / 2 ** 30} GiB of memory to decode. Make it smaller or remove it.`,
            ),
          );
        break;
      default:
        unreachable(answer);
    }
    this.#handOut();
  }

  /** Marks the worker as idle, so that it keeps nothing alive. */
  #rest(worker: Worker): void {
    clearTimeout(worker.running?.timer);
    worker.running = undefined;
    worker.child.unref();
    worker.child.channel?.unref();
  }

  #tooSlow(worker: Worker, { task, reject }: Waiting): void {
    this.#rest(worker);
    void this.#stop(worker);
    reject(
      new FileError(
        `${task.where} is not decoded after ${this.#timeLimitMs / 1000} s, which no valid image takes. Save it again as PNG or remove it.`,
      ),
    );
    this.#handOut();
  }

  /** Kills the process: a decoder does not react to a request to stop. */
  async #stop(worker: Worker): Promise<void> {
    const { child } = worker;
    this.#workers.delete(worker);
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    child.ref();
    const gone = new Promise((resolve) => {
      child.once("exit", resolve);
      setTimeout(resolve, END_MS).unref();
    });
    child.kill("SIGKILL");
    await gone;
    child.unref();
    if (child.connected) child.disconnect();
  }

  #fail({ where }: ImageTask, how: string): void {
    this.#end(
      new EngineError(
        `An image process stopped at ${where}: ${how}. Memory may have run out: use fewer processes or smaller images.`,
      ),
    );
    for (const worker of this.#workers) void this.#stop(worker);
  }

  /** Rejects everything unfinished, now and from now on. */
  #end(error: Error): void {
    this.#ended ??= error;
    const running = [...this.#workers].flatMap(({ running }) => (running ? [running] : []));
    for (const { timer } of running) clearTimeout(timer);
    const unfinished = [...this.#queue, ...this.#large, ...running.map(({ waiting }) => waiting)];
    this.#queue.length = 0;
    this.#large.length = 0;
    for (const worker of this.#workers) worker.running = undefined;
    for (const { reject } of unfinished) reject(this.#ended);
  }
}
