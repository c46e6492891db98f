/** The events of training. The state in an event is live: save it before asking for the next event. */

import type { Tensor } from "../formats/tensor.ts";
import type { OptimizerState } from "./adamw.ts";

/** The position of training; with the parameters, all that resuming needs. Randomness is named by seed and position. */
export interface FitPosition {
  /** The current epoch, from 0, and its completed optimizer steps. */
  readonly epoch: number;
  readonly stepInEpoch: number;
  /** Optimizer steps since the start of training. */
  readonly step: number;
  /** Sums over the current epoch. */
  readonly lossSum: number;
  readonly correct: number;
  readonly seen: number;
  /** The best epoch on validation examples so far; -1 is the probe before all epochs. */
  readonly best?: { readonly epoch: number; readonly top1: number; readonly loss: number } | undefined;
  readonly finished: boolean;
}

/** What `fit` resumes from, to the same results as if it had never stopped. */
export interface FitState {
  readonly position: FitPosition;
  /** Every trainable with its two moments. */
  readonly parameters: OptimizerState;
}

export type FitEvent =
  | FitStartEvent
  | ProgressEvent
  | FitProbeEvent
  | FitStepEvent
  | FitEpochEvent
  | FitDoneEvent;

/** Before the first step: what will be done. */
export interface FitStartEvent extends StartFacts {
  readonly type: "start";
  readonly state: FitState;
}

export interface StartFacts {
  readonly method: string;
  /** Trainable parameters, and how many of them are the head's. */
  readonly trainable: number;
  readonly headTrainable: number;
  /** Parameters of the backbone. */
  readonly backbone: number;
  readonly classes: number;
  readonly trainExamples: number;
  readonly valExamples: number;
  readonly epochs: number;
  readonly steps: number;
  readonly microBatchSize: number;
  /** The step that training resumes from; 0 for new training. */
  readonly resumedAt: number;
}

/** Progress of a slow part that is not a step: checking images, computing features, validating. */
export interface ProgressEvent {
  readonly type: "progress";
  readonly label: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
}

/** A linear probe on frozen features: the head that training starts from, and that its result is never worse than. */
export interface FitProbeEvent extends ProbeFacts {
  readonly type: "probe";
  readonly state: FitState;
}

export interface ProbeFacts {
  /** Absent where nothing was validated. */
  readonly valLoss?: number;
  readonly valTop1?: number;
  /** The best L2 penalty on validation examples, or in cross-validation without any. */
  readonly penalty: number;
  readonly seconds: number;
}

export interface FitStepEvent extends StepFacts {
  readonly type: "step";
  readonly state: FitState;
}

export interface StepFacts {
  readonly epoch: number;
  /** Optimizer steps taken so far. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly learningRate: number;
  readonly gradientNorm: number;
  readonly imagesPerSecond: number;
}

export interface FitEpochEvent extends EpochFacts {
  readonly type: "epoch";
  readonly state: FitState;
}

export interface EpochFacts {
  readonly epoch: number;
  readonly step: number;
  readonly learningRate: number;
  readonly trainLoss: number;
  /** Percent, on the batches as they were trained on. */
  readonly trainTop1: number;
  readonly valLoss?: number;
  readonly valTop1?: number;
  /** Whether this is the best epoch so far on validation examples. */
  readonly best: boolean;
  readonly seconds: number;
}

/** The end. */
export interface FitDoneEvent {
  readonly type: "done";
  readonly state: FitState;
  /** The epoch that was kept, from 0: the best on validation examples, or the last; -1 is the probe. */
  readonly epoch: number;
  readonly valTop1?: number;
  /** Whether patience was exhausted before the last epoch. */
  readonly stoppedEarly: boolean;
  /** The trained tensors of the epoch kept; absent with `keep: false`, or where that epoch lies before a resume. */
  readonly tensors?: ReadonlyMap<string, Tensor>;
}
