/** The events of a run in a folder: commands print them, web pages stream them, tests collect them. */

import type { ValidationKind } from "../adapter/adapter.ts";
import type {
  ContinuedFacts,
  EpochFacts,
  EstimateEvent,
  FoldFacts,
  NoteEvent,
  ProbeFacts,
  ProgressEvent,
  StartFacts,
  StepFacts,
} from "../train/fit-events.ts";

export type { EstimateEvent, NoteEvent };

export type TrainEvent =
  | StartEvent
  | NoteEvent
  | ProgressEvent
  | EstimateEvent
  | ProbeEvent
  | ContinuedEvent
  | StepEvent
  | EpochEvent
  | FoldEvent
  | SavedEvent
  | StoppedEvent
  | DoneEvent;

/** Before the first step: what will be done. */
export interface StartEvent extends StartFacts {
  readonly type: "start";
}

/** The head that training starts from, and that its result is never worse than; its adapter is already written. */
export interface ProbeEvent extends ProbeFacts {
  readonly type: "probe";
}

/** What the run continues from, validated: training starts here, and its result is never worse; its adapter is already written. */
export interface ContinuedEvent extends ContinuedFacts {
  readonly type: "continued";
}

export interface StepEvent extends StepFacts {
  readonly type: "step";
}

export interface EpochEvent extends EpochFacts {
  readonly type: "epoch";
}

/** A fold of cross-validation is finished. */
export interface FoldEvent extends FoldFacts {
  readonly type: "fold";
}

export interface SavedEvent {
  readonly type: "saved";
  readonly what: "checkpoint" | "adapter";
  readonly path: string;
  readonly step: number;
}

/** The signal was raised; the state is saved, and `resume` continues from it. */
export interface StoppedEvent {
  readonly type: "stopped";
  readonly step: number;
}

/** What its adapter says of it. */
export interface FinishedBefore {
  readonly epochs: number;
  readonly folds: number;
  readonly trainImages?: number | undefined;
  readonly validationImages?: number | undefined;
}

export interface DoneEvent {
  readonly type: "done";
  readonly adapter: string;
  /** The epoch that was kept, from 0; -1 is before all epochs: the probe, the model's own head, or what the run continues from. */
  readonly epoch: number;
  readonly step: number;
  /** What the accuracy is of; without any, `none`. */
  readonly validation: ValidationKind;
  /** Percent of the validation images, or in cross-validation of all; absent, like the next two, where nothing was validated. */
  readonly valTop1?: number;
  readonly valExamples?: number;
  /** Its 95 % confidence interval, in percent. */
  readonly valInterval?: readonly [low: number, high: number];
  /** Whether the run continued from an adapter. */
  readonly continued?: true;
  /** Whether it started from the model's own head. */
  readonly ownHead?: true;
  /** Since the images were first checked, without pauses between resumed runs. */
  readonly seconds: number;
  readonly stoppedEarly: boolean;
  /** Of a run that was resumed and was finished already: nothing was trained now. */
  readonly finishedBefore?: FinishedBefore;
  /** A page with the run's curves. */
  readonly report: string;
}
