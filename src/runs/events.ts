/** What a run in a folder tells while it goes: commands print these, pages stream them, tests collect them. */

import type { EpochFacts, ProgressEvent, StartFacts, StepFacts } from "../train/fit-events.ts";

export type TrainEvent =
  | StartEvent
  | NoteEvent
  | ProgressEvent
  | StepEvent
  | EpochEvent
  | SavedEvent
  | StoppedEvent
  | DoneEvent;

/** Before the first step: what will be done. */
export interface StartEvent extends StartFacts {
  readonly type: "start";
}

/** A sentence that the user should see. */
export interface NoteEvent {
  readonly type: "note";
  readonly message: string;
}

export interface StepEvent extends StepFacts {
  readonly type: "step";
}

export interface EpochEvent extends EpochFacts {
  readonly type: "epoch";
}

export interface SavedEvent {
  readonly type: "saved";
  readonly what: "checkpoint" | "adapter";
  readonly path: string;
  readonly step: number;
}

/** The signal was raised; what was done is saved, and `resume` goes on from it. */
export interface StoppedEvent {
  readonly type: "stopped";
  readonly step: number;
}

export interface DoneEvent {
  readonly type: "done";
  readonly adapter: string;
  /** The epoch that was kept, from 0. */
  readonly epoch: number;
  readonly step: number;
  readonly valTop1?: number;
  /** From the first look at the images on, stops in between left out. */
  readonly seconds: number;
  readonly stoppedEarly: boolean;
  /** A page with the run's curves. */
  readonly report: string;
}
