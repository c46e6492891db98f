/** The events of a study: commands print them, programs follow them, tests collect them. */

import type { NoteEvent, StoppedEvent } from "../runs/events.ts";
import type { ProgressEvent } from "../train/fit-events.ts";
import type { MeanRow } from "./study-means.ts";
import type { StudyRow } from "./tabulate.ts";
import type { Purpose, TrialCost, TrialResult } from "./trial.ts";

export type StudyEvent =
  | StudyStartEvent
  | NoteEvent
  | ProgressEvent
  | StudyProgressEvent
  | TrialEvent
  | CostsEvent
  | StoppedEvent
  | StudyDoneEvent;

/** Before the first trial: what will be done. */
export interface StudyStartEvent {
  readonly type: "start";
  readonly cells: number;
  readonly trials: number;
  /** Those that are recorded already. */
  readonly done: number;
  /** Trials side by side on this machine; absent where a queue hands them to workers. */
  readonly processes?: number;
  readonly queue?: string;
  /** What workers share with the study, where that is not a folder. */
  readonly bucket?: string;
  readonly threads: number;
}

/** How far the whole study is. */
export interface StudyProgressEvent {
  readonly type: "study-progress";
  readonly done: number;
  readonly trials: number;
  /** Shares of trials that run, added up. */
  readonly running: number;
  /** How much of all is done, from 0 to 1: trials weigh by their images and epochs. */
  readonly share: number;
  /** Judged by the trials that are done; absent before there are any. */
  readonly secondsLeft?: number;
}

/** A trial is done and recorded. */
export interface TrialEvent {
  readonly type: "trial";
  readonly name: string;
  readonly data: string;
  readonly method: string;
  readonly recipe?: string;
  readonly purpose: Purpose;
  readonly varied: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly result: TrialResult;
  readonly cost: TrialCost;
}

/** What differs from run to run, apart from the table: where it lies, and times and memory as means over the trials of a row. */
export interface CostsEvent {
  readonly type: "costs";
  readonly files: { readonly results: string; readonly markdown: string; readonly html: string };
  readonly rows: readonly CostRow[];
}

export interface CostRow {
  readonly data: string;
  readonly method: string;
  readonly recipe?: string;
  /** Of training on all images with one seed. */
  readonly seconds: number;
  readonly peakBytes: number;
  readonly trials: number;
}

/** The end: the table, which is the same to the last digit however often the study was stopped. */
export interface StudyDoneEvent {
  readonly type: "study";
  readonly select: "val" | "test";
  readonly reference?: string;
  readonly rows: readonly StudyRow[];
  readonly means: readonly MeanRow[];
}
