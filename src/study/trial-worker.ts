/** A process that runs trials, seen from the one that started it. */

import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { limits } from "../limits.ts";
import { firstModule, ownModule } from "../own-package.ts";
import type { Trial, TrialCost, TrialResult } from "./trial.ts";
import type { TrialAnswer, TrialQuestion } from "./trial-process.ts";

/** How a trial ended, other than by a signal. */
export type TrialEnd =
  | { readonly type: "result"; readonly result: TrialResult; readonly cost: TrialCost }
  | { readonly type: "failed"; readonly message: string; readonly isLocked?: boolean };

interface Listener {
  readonly onProgress: (trial: Trial, share: number) => void;
  /** It goes on from the step that an earlier run had got to. */
  readonly onResumed?: (step: number) => void;
  /** Without an end the trial was stopped. */
  readonly onEnd: (end: TrialEnd | undefined) => void;
}

/** For what a process wrote before it died to be read. */
const lastWordsMs = 50;

/** One process. */
export class TrialWorker {
  readonly #child: ChildProcess;
  /** The end of its standard error: why it died. */
  #complaint = "";
  #ended: ((end: TrialEnd | undefined) => void) | undefined;
  #progress: (share: number) => void = () => {};
  #resumed: (step: number) => void = () => {};
  isDead = false;
  #isStopped = false;

  constructor() {
    const module = ownModule("study/trial-process");
    this.#child = fork(fileURLToPath(firstModule(module)), [module.href], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: [], // flags of a test runner or a profiler
      // Ctrl-C in a terminal reaches a whole group of processes; this one is told to save its state.
      detached: process.platform !== "win32",
    });
    this.#child.on("message", (answer: TrialAnswer) => this.#hear(answer));
    this.#child.on("error", (cause) => this.#die(cause.message));
    // Not "close": a process that it started may hold its standard error open for longer.
    this.#child.on("exit", (code, signal) => {
      setTimeout(() => this.#die(signal ?? `exit code ${code}`), lastWordsMs);
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-4000);
    });
  }

  /** Whether it takes no further trial: its process is gone, or was told to stop. */
  get isSpent(): boolean {
    return this.isDead || this.#isStopped;
  }

  run(trial: Trial, { onProgress, onResumed = () => {}, onEnd }: Listener): void {
    if (this.isDead) {
      onEnd({ type: "failed", message: "The process that was to train it had ended." });
      return;
    }
    this.#ended = onEnd;
    this.#progress = (share) => onProgress(trial, share);
    this.#resumed = onResumed;
    this.#send({ type: "run", trial });
  }

  stop(): void {
    this.#isStopped = true;
    this.#send({ type: "stop" });
  }

  #send(question: TrialQuestion): void {
    // Where there is no connection any more, its end is told.
    if (this.#child.connected) this.#child.send(question, () => {});
  }

  #hear(answer: TrialAnswer): void {
    if (answer.type === "progress") this.#progress(answer.share);
    else if (answer.type === "resumed") this.#resumed(answer.step);
    else if (answer.type === "stopped") this.#end(undefined);
    else this.#end(answer);
  }

  #end(end: TrialEnd | undefined): void {
    const ended = this.#ended;
    this.#ended = undefined;
    ended?.(end);
  }

  #die(how: string): void {
    if (this.isDead) return;
    this.isDead = true;
    const why = /^\w*Error.*$/m.exec(this.#complaint)?.[0];
    this.#end({
      type: "failed",
      message: `The process that trained it ended (${how})${why ? `: ${why}` : "."}`,
    });
  }

  /** Ends the process, which has nothing to do any more. */
  async close(): Promise<void> {
    if (this.isDead) return;
    const gone = new Promise<void>((resolve) => this.#child.once("exit", () => resolve()));
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), limits.END_MS.value);
    await gone;
    clearTimeout(timer);
    this.#child.stderr?.destroy();
  }
}
