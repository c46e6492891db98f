/** What a run tells while it goes: commands print these, pages stream them, tests collect them. */

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
export interface StartEvent {
  readonly type: "start";
  readonly method: string;
  /** Numbers that train, and how many of them are the head's. */
  readonly trainable: number;
  readonly headTrainable: number;
  /** Numbers of the backbone. */
  readonly backbone: number;
  readonly classes: number;
  readonly trainExamples: number;
  readonly valExamples: number;
  readonly epochs: number;
  readonly steps: number;
  readonly microBatchSize: number;
  /** The step that a resumed run goes on from; 0 for a new one. */
  readonly resumedAt: number;
}

/** A sentence that the user should see. */
export interface NoteEvent {
  readonly type: "note";
  readonly message: string;
}

/** A slow part that is not a step: checking images, computing features, validating. */
export interface ProgressEvent {
  readonly type: "progress";
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}

export interface StepEvent {
  readonly type: "step";
  readonly epoch: number;
  /** Optimizer steps taken so far. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly imagesPerSecond: number;
}

export interface EpochEvent {
  readonly type: "epoch";
  readonly epoch: number;
  readonly step: number;
  readonly learningRate: number;
  readonly trainLoss: number;
  /** Percent, on the batches as they were trained on. */
  readonly trainTop1: number;
  readonly valLoss?: number;
  readonly valTop1?: number;
  /** Whether this is the best epoch so far on validation images. */
  readonly best: boolean;
  readonly seconds: number;
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
