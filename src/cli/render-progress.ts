/** One line that says how far a task is: bar, count, rate, elapsed and remaining time, as the terminal's width allows. */

import { renderDuration } from "../duration.ts";
import { displayWidth, fitText, printable } from "../table.ts";

export interface Progress {
  readonly label: string;
  readonly done: number;
  /** Absent where nobody knows how much there is. */
  readonly total?: number;
  /** What is counted, in the plural: "images". */
  readonly unit: string;
  /** How long it will still take, where that is known better than by the rate, which is then not shown. */
  readonly leftMs?: number | undefined;
  /** How much is done, from 0 to 1, where what is counted differs in size. */
  readonly share?: number | undefined;
  /** Anything else worth seeing: "loss 0.43". */
  readonly extra?: string;
}

export interface Pace {
  readonly elapsedMs: number;
  /** Units a second of late; absent until it can be told. */
  readonly rate?: number;
}

interface Look {
  /** Columns of the terminal; the last one stays free, since some terminals wrap there. */
  readonly columns: number;
  readonly color: boolean;
}

/** The line for a terminal: parts that do not fit are left out, the least telling first. */
export function renderProgress(progress: Progress, { pace, look }: { pace: Pace; look: Look }): string {
  const space = look.columns - 1;
  const label = printable(progress.label);
  const { count, rate, time, ...told } = describe(progress, pace);
  const percent = told.percent === "" ? "" : told.percent.padStart(5);
  const extra = printable(progress.extra ?? "");
  // Each list is a poorer one than that before.
  const choices = [
    [percent, count, rate, time, extra],
    [percent, count, time, extra],
    [percent, time, extra],
    [percent, time],
    [percent === "" ? count : percent],
  ];
  const drawn = progress.total === undefined ? "" : drawBar(share(progress), look);
  const barWidth = drawn === "" ? 0 : widthOfBar(look.columns) + 2;
  for (const parts of choices) {
    const text = parts.filter((part) => part !== "").join("  ");
    if (displayWidth(label) + 2 + barWidth + displayWidth(text) > space) continue;
    return [label, drawn, text].filter((part) => part !== "").join("  ");
  }
  return fitText(`${label}  ${percent === "" ? count : percent.trim()}`, Math.max(0, space));
}

/** The line for a log: no bar. */
export function renderProgressLine(progress: Progress, pace: Pace): string {
  const { percent, count, rate, time } = describe(progress, pace);
  const parts = [percent, count.trim(), rate, time, progress.extra ?? ""].filter((part) => part !== "");
  return printable(`${progress.label}: ${parts.join(", ")}`);
}

/** How much is done, from 0 to 1. */
export function share({ done, total, share: known }: Progress): number {
  if (known !== undefined) return known;
  if (total === undefined) return 0;
  return total <= 0 ? 1 : Math.min(1, Math.max(0, done / total));
}

function describe(progress: Progress, { elapsedMs, rate }: Pace) {
  const { done, total, unit } = progress;
  const whole = total === undefined ? "" : `/${total.toLocaleString("en")}`;
  const byRate = total === undefined || rate === undefined || rate <= 0 ? 0 : (total - done) / rate;
  const leftMs = progress.leftMs ?? byRate * 1000;
  const ending = leftMs <= 0 ? "" : `, ${renderDuration(leftMs)} left`;
  return {
    percent: total === undefined ? "" : `${Math.floor(100 * share(progress))} %`,
    count: `${done.toLocaleString("en").padStart(whole.length - 1)}${whole} ${unit}`,
    rate: rate === undefined || progress.leftMs !== undefined ? "" : `${renderRate(rate)} ${unit}/s`,
    time: `${renderDuration(elapsedMs)}${ending}`,
  };
}

/** Three digits that matter. */
function renderRate(rate: number): string {
  if (rate >= 100) return Math.round(rate).toLocaleString("en");
  return rate >= 10 ? rate.toFixed(1) : rate.toFixed(2);
}

/** Eighths of a block make the end of the bar move smoothly. */
const eighths = "▏▎▍▌▋▊▉";

function drawBar(part: number, { columns, color }: Look): string {
  const width = widthOfBar(columns);
  const steps = Math.floor(part * width * 8);
  const full = "█".repeat(Math.floor(steps / 8)) + eighths.charAt((steps % 8) - 1);
  const rest = "░".repeat(width - displayWidth(full));
  return color ? `\u001b[36m${full}\u001b[0m\u001b[2m${rest}\u001b[0m` : full + rest;
}

/** By the terminal alone, so that the bar keeps its length while the numbers beside it grow. */
function widthOfBar(columns: number): number {
  return Math.max(6, Math.min(24, Math.floor(columns / 8)));
}
