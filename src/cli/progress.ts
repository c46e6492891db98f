/** Shows the progress of a task: a line redrawn in place on a terminal, a few plain lines in a log, nothing with JSON output. */

import { errorStream, renderMessage } from "./output.ts";
import { type Pace, type Progress, renderProgress, renderProgressLine, share } from "./render-progress.ts";

export type ProgressMode = "live" | "lines" | "none";

/** What is needed of `process.stderr`. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
}

/** Draws only when told to, with no timer of its own, so it never keeps a program alive. The cursor is never hidden. */
export interface ProgressDrawer {
  /** Says where a task is; labels tell tasks apart, and one that goes backwards has restarted. */
  update(progress: Progress): void;
  /** Prints a message above the line being drawn; on a terminal, one that is `passing` gives its line to the next. */
  print(message: string, options?: { readonly passing?: boolean }): void;
  /** Erases the drawn line: what is over needs no bar. */
  clear(): void;
  /** Erases the line for good. Harmless when called twice. */
  close(): void;
}

interface ProgressOptions {
  readonly stream?: ProgressStream;
  readonly mode?: ProgressMode;
  readonly color?: boolean;
  /** Milliseconds on a clock that never goes back. */
  readonly now?: () => number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Where and how progress is shown. */
export function chooseProgressMode(
  stream: ProgressStream,
  { json = false, env = process.env }: { json?: boolean; env?: Environment } = {},
): ProgressMode {
  if (json) return "none";
  return stream.isTTY === true && env.TERM !== "dumb" ? "live" : "lines";
}

/** Whether colours are wanted: https://no-color.org. */
export function wantsColor(stream: ProgressStream, env: Environment = process.env): boolean {
  return stream.isTTY === true && env.TERM !== "dumb" && (env.NO_COLOR ?? "") === "";
}

/** Faster than this the eye sees no difference. */
const redrawMs = 80;
/** A log gets a line after this long, or after a tenth of the task if that took at least a second. */
const quietMs = 10_000;
const leastQuietMs = 1000;
/** The rate is that of the last seconds, so it follows a machine that slows down. */
const windowMs = 15_000;

interface Task {
  readonly startMs: number;
  samples: { readonly ms: number; readonly done: number }[];
  shownMs: number;
  shownShare: number;
  finished: boolean;
}

/** A drawer that owns the last line of the stream until it is closed. */
export function openProgress({
  stream = errorStream,
  mode = chooseProgressMode(stream),
  color = wantsColor(stream),
  now = () => performance.now(),
}: ProgressOptions = {}): ProgressDrawer {
  const tasks = new Map<string, Task>();
  // Where another stream shows how far it is, messages still go to a terminal.
  const isTerminal = mode === "live" || stream.isTTY === true;
  let drawn = "";
  /** Whether what is drawn is over: it stands only until something else is said. */
  let over = false;
  /** Whether the line above is to be given to the next message. */
  let gives = false;

  function taskOf({ label, done }: Progress): Task {
    const known = tasks.get(label);
    const last = known?.samples.at(-1)?.done ?? 0;
    if (known !== undefined && done >= last) return known;
    const task = {
      startMs: now(),
      samples: [],
      shownMs: Number.NEGATIVE_INFINITY,
      shownShare: 0,
      finished: false,
    };
    tasks.set(label, task);
    return task;
  }

  function update(progress: Progress): void {
    if (mode === "none") return;
    const task = taskOf(progress);
    const ms = now();
    const pace = keepPace(task, { ms, done: progress.done });
    const finished = progress.total !== undefined && progress.done >= progress.total;
    const due =
      mode === "live" ? ms - task.shownMs >= redrawMs : isLineDue(task, { ms, part: share(progress) });
    if (!due && !(finished && !task.finished)) return;
    task.shownMs = ms;
    task.shownShare = share(progress);
    task.finished = finished;
    if (mode === "lines") {
      stream.write(`${renderProgressLine(progress, pace)}\n`);
      return;
    }
    over = finished;
    drawn = renderProgress(progress, { pace, look: { columns: stream.columns ?? 80, color } });
    stream.write(`\r${drawn}\u001b[K`);
  }

  function print(message: string, { passing = false } = {}): void {
    const line = renderMessage(message, isTerminal ? { columns: stream.columns ?? 80 } : {});
    if (over) clear();
    const erased = `${drawn === "" ? "" : "\r\u001b[K"}${gives ? "\u001b[A\r\u001b[K" : ""}`;
    stream.write(`${erased}${line}\n${drawn}`);
    gives = mode === "live" && passing && !line.includes("\n");
  }

  function clear(): void {
    if (drawn !== "") stream.write("\r\u001b[K");
    drawn = "";
  }

  function close(): void {
    clear();
    process.removeListener("exit", close);
  }

  // Covers process.exit() from a handler of Ctrl-C: the shell's prompt gets a clean line.
  if (mode === "live") process.once("exit", close);
  return { update, print, clear, close };
}

/** Adds a sample and tells the rate over the window. */
function keepPace(task: Task, sample: { ms: number; done: number }): Pace {
  task.samples.push(sample);
  const from = task.samples.findIndex(({ ms }) => sample.ms - ms <= windowMs);
  // One sample older than the window stays, so that slow steps still have a rate.
  if (from > 1) task.samples = task.samples.slice(from - 1);
  const first = task.samples[0] ?? sample;
  const elapsedMs = sample.ms - task.startMs;
  const span = sample.ms - first.ms;
  return span > 0 ? { elapsedMs, rate: (1000 * (sample.done - first.done)) / span } : { elapsedMs };
}

/** The first update is due only in a task's second sample, so that short tasks print one line: their last. */
function isLineDue(task: Task, { ms, part }: { ms: number; part: number }): boolean {
  const quiet = ms - Math.max(task.shownMs, task.startMs);
  return quiet >= quietMs || (quiet >= leastQuietMs && part - task.shownShare >= 0.1);
}
