/** One process of the pool: it works on one image at a time, within a time and a memory limit, until it is killed. */

import { type ChildProcess, fork } from "node:child_process";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { limits } from "../limits.ts";
import { firstModule } from "../own-package.ts";
import type { ImageAnswer, ImageQuestion } from "./image-process.ts";
import { residentBytes } from "./resident-memory.ts";

/** Between looks at the memory of a process that works; a look takes some 50 µs. */
const WATCH_MS = 20;
/** The most that one look adds to the time taken: where looks are further apart, this process was stopped, or was busy itself. */
const COUNTED_MS = 1000;
/** A killed process ends at once, unless the machine itself hangs. */
const END_MS = limits.END_MS.value;

/** What a process tells whoever started it. */
export interface WorkerEvents {
  readonly answered: (answer: ImageAnswer) => void;
  /** It ended by itself, or somebody ended it. */
  readonly died: (how: string) => void;
}

/** What happens to a process that takes too much. */
export interface WorkLimits {
  readonly timeLimitMs: number;
  readonly tooSlow: () => void;
  readonly overgrown: () => void;
}

export class ImageWorker {
  readonly #child: ChildProcess;
  #watch: NodeJS.Timeout | undefined;
  /** The end of its standard error: why it could not start. */
  #complaint = "";
  #hasStarted = false;
  #isKilled = false;

  /** Starts a process that runs the module `file`. */
  constructor(file: URL, { answered, died }: WorkerEvents) {
    const child = fork(fileURLToPath(firstModule(file)), [file.href], {
      serialization: "advanced", // typed arrays stay what they are
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: [], // flags of a test runner or a profiler
      // Ctrl-C in a terminal reaches a whole group of processes; this one is ended by us.
      detached: process.platform !== "win32",
    });
    this.#child = child;
    let hasEnded = false;
    const ended = (how: string) => {
      if (hasEnded || this.#isKilled) return;
      hasEnded = true;
      died(/^\w*Error.*$/m.exec(this.#complaint)?.[0] ?? how);
    };
    child.on("message", (answer: ImageAnswer) => {
      this.#hasStarted = true;
      if (!this.#isKilled) answered(answer);
    });
    child.on("error", (cause) => ended(cause.message));
    child.on("close", (code, signal) => ended(signal ?? `exit code ${code}`));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-4000);
    });
    (child.stderr as Socket | null)?.unref();
    this.rest();
  }

  /** It has sent a message: if it dies, that is the doing of what it works on. */
  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** Gives it something to do; it keeps this process alive until it rests. */
  ask(question: ImageQuestion, { timeLimitMs, tooSlow, overgrown }: WorkLimits): void {
    let before = this.#residentBytes();
    let [taken, looked] = [0, performance.now()];
    // From outside, because a synchronous decoder leaves its own process no time to look.
    this.#watch = setInterval(() => {
      const time = performance.now();
      // A single timer would end at once after Ctrl-Z and fg, or a machine's sleep, before an answer that waits is read.
      taken += Math.min(time - looked, COUNTED_MS);
      looked = time;
      if (taken >= timeLimitMs) return tooSlow();
      const now = this.#residentBytes();
      before ??= now;
      if (now !== undefined && before !== undefined && now - before >= question.memory.measuredBytes)
        overgrown();
    }, WATCH_MS);
    this.#child.ref();
    this.#child.channel?.ref();
    // Without a connection, as where no file descriptor is left for one, and where sending fails, its end is told.
    if (this.#child.connected) this.#child.send(question, () => {});
  }

  /** It has nothing to do any more, and keeps nothing alive. */
  rest(): void {
    clearInterval(this.#watch);
    this.#child.unref();
    this.#child.channel?.unref();
  }

  /** Kills the process: a decoder does not react to a request to stop. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.rest();
    this.#isKilled = true;
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

  /** Not while it starts, when it grows by all the modules that it loads. */
  #residentBytes(): number | undefined {
    const { pid } = this.#child;
    return pid === undefined || !this.#hasStarted ? undefined : residentBytes(pid);
  }
}
