/** A pool of processes that decode and resize images, with a time limit per image and a memory limit for large ones. */

import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { EngineError, FileError, unreachable } from "../errors.ts";
import { limits } from "../limits.ts";
import type { ImageAnswer, ImageQuestion, ImageResults, ImageTask, MemoryLimit } from "./image-process.ts";
import { residentBytes } from "./resident-memory.ts";

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
/** Between looks at the memory of a process that works; a look takes some 50 µs. */
const WATCH_MS = 20;
/** A killed process ends at once, unless the machine itself hangs. */
const END_MS = limits.END_MS.value;
const MAX_FAILED_STARTS = limits.MAX_FAILED_STARTS.value;

/** The compiler rewrites the extensions of imports to `.js`, but not those of URLs: that is done here. */
const isBuilt = import.meta.url.endsWith(".js");
const PROCESS_FILE = new URL(`./image-process.${isBuilt ? "js" : "ts"}`, import.meta.url);

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
  /** Ends it when it takes too long. */
  readonly timer: NodeJS.Timeout;
  /** Ends it when it takes too much memory. */
  readonly watch: NodeJS.Timeout;
}

interface Worker {
  readonly child: ChildProcess;
  /** At most one, so that it is known which image made a process die. */
  running: Running | undefined;
  /** It has sent a message: if it dies, that is the doing of what it works on. */
  hasStarted: boolean;
  /** The end of its standard error: why it could not start. */
  complaint: string;
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
  readonly #workers = new Set<Worker>();
  readonly #queue: Waiting[] = [];
  /** Those that need more memory than usual. */
  readonly #largeQueue: Waiting[] = [];
  /** In a row, of whichever process. */
  #failedStarts = 0;
  /** Set once the pool cannot be used any more: it was closed, or no process starts. */
  #ended: Error | undefined;

  constructor(
    processes: number,
    { file = PROCESS_FILE, timeLimitMs = TIME_LIMIT_MS, usual = USUAL, large = LARGE }: ImagePoolOptions = {},
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
    await Promise.all([...this.#workers].map((worker) => this.#stop(worker)));
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
    return [...this.#workers].some(({ running }) => running?.memory === this.#large);
  }

  /** An idle process, else a new one, else none. */
  #idle(): Worker | undefined {
    for (const worker of this.#workers) if (worker.running === undefined) return worker;
    return this.#workers.size < this.#limit ? this.#start() : undefined;
  }

  #ask(worker: Worker, waiting: Waiting, memory: MemoryLimit): void {
    const timer = setTimeout(() => this.#tooSlow(worker, waiting), this.#timeLimitMs);
    worker.running = { waiting, memory, timer, watch: this.#watch(worker, memory) };
    worker.child.ref();
    worker.child.channel?.ref();
    const question: ImageQuestion = { task: waiting.task, memory };
    // A failed send shows as the exit of the process.
    worker.child.send(question, () => {});
  }

  /** A synchronous decoder leaves its own process no time to look. */
  #watch(worker: Worker, { measuredBytes }: MemoryLimit): NodeJS.Timeout {
    const { pid } = worker.child;
    const look = () => (pid === undefined || !worker.hasStarted ? undefined : residentBytes(pid));
    let before = look();
    return setInterval(() => {
      const now = look();
      before ??= now;
      if (now !== undefined && before !== undefined && now - before >= measuredBytes) this.#overgrown(worker);
    }, WATCH_MS).unref();
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
    const worker: Worker = { child, running: undefined, hasStarted: false, complaint: "" };
    const stopped = (how: string) => {
      if (!this.#workers.has(worker)) return;
      this.#died(worker, /^\w*Error.*$/m.exec(worker.complaint)?.[0] ?? how);
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
    worker.hasStarted = true;
    this.#failedStarts = 0;
    const { running } = worker;
    if (running === undefined || answer.type === "ready") return; // without a task, it was ended while it answered
    if (answer.type === "overgrown") {
      this.#overgrown(worker);
      return;
    }
    const { waiting } = running;
    this.#rest(worker);
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
  #overgrown(worker: Worker): void {
    const { running } = worker;
    if (running === undefined) return;
    const { waiting, memory } = running;
    this.#rest(worker);
    void this.#stop(worker);
    if (memory === this.#usual) this.#largeQueue.push(waiting);
    else
      waiting.reject(
        new FileError(
          `${waiting.task.where} takes more than ${memory.measuredBytes / 2 ** 30} GiB of memory to decode. Make it smaller or remove it.`,
        ),
      );
    this.#handOut();
  }

  /** Marks the worker as idle, so that it keeps nothing alive. */
  #rest(worker: Worker): void {
    clearTimeout(worker.running?.timer);
    clearInterval(worker.running?.watch);
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

  /** A process ended by itself, or somebody ended it. */
  #died(worker: Worker, how: string): void {
    const { running, hasStarted } = worker;
    this.#rest(worker);
    this.#workers.delete(worker);
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

  #giveUp(how: string): void {
    this.#end(
      new EngineError(
        `No image process could be started, ${MAX_FAILED_STARTS} times in a row: ${how}. Memory may have run out: use fewer processes.`,
      ),
    );
    for (const worker of this.#workers) void this.#stop(worker);
  }

  /** Rejects everything unfinished, now and from now on. */
  #end(error: Error): void {
    this.#ended ??= error;
    const running = [...this.#workers].flatMap(({ running }) => (running ? [running] : []));
    for (const worker of this.#workers) this.#rest(worker);
    const unfinished = [...this.#queue, ...this.#largeQueue, ...running.map(({ waiting }) => waiting)];
    this.#queue.length = 0;
    this.#largeQueue.length = 0;
    for (const { reject } of unfinished) reject(this.#ended);
  }
}

/** The cause tells a decoder that crashed from one that refused its file. */
const crashed = ({ where }: ImageTask, how: string): FileError =>
  new FileError(
    `${where} made two processes that decode images end, one after the other: ${how}. Save it again as PNG or remove it.`,
    { cause: new EngineError(`An image process ended: ${how}.`) },
  );
