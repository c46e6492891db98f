/** The events of training. The state in an event is live: save it before asking for the next event. */

import type { Tensor } from "../formats/tensor.ts";
import type { Predictions } from "../predict/metrics.ts";
import type { OptimizerState } from "./adamw.ts";
import type { FoldSample } from "./fold-sample.ts";
import type { Best } from "./select.ts";

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
  /** The epoch to keep so far. */
  readonly best?: Best | undefined;
  readonly finished: boolean;
  /** In cross-validation: the fold that is trained, and what is known of the others. */
  readonly cv?: CrossValidationPosition | undefined;
}

export interface CrossValidationPosition {
  /** From 0; the number of folds while all examples are trained on. */
  readonly fold: number;
  /** Optimizer steps of the folds before. */
  readonly steps: number;
  /** Of each fold's probe, on the fold. */
  readonly probes: readonly Scores[];
  /** Of each epoch of the finished folds, on the fold. */
  readonly finished: readonly (readonly Scores[])[];
  /** Of each finished epoch of this one. */
  readonly current: readonly Scores[];
}

/** Accuracy in percent, and mean cross-entropy. */
export interface Scores {
  readonly top1: number;
  readonly loss: number;
  /** The logits behind them, where these are few. */
  readonly sample?: FoldSample | undefined;
}

/** A sentence that the user should see. */
export interface NoteEvent {
  readonly type: "note";
  readonly message: string;
}

/** What `fit` resumes from, to the same results as if it had never stopped. */
export interface FitState {
  readonly position: FitPosition;
  /** Every trainable with its two moments. */
  readonly parameters: OptimizerState;
}

export type FitEvent =
  | FitStartEvent
  | NoteEvent
  | ProgressEvent
  | EstimateEvent
  | FitProbeEvent
  | FitContinuedEvent
  | FitStepEvent
  | FitEpochEvent
  | FitFoldEvent
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
  /** Folds of cross-validation; 0 without. */
  readonly folds: number;
  readonly epochs: number;
  readonly steps: number;
  readonly microBatchSize: number;
  /** Whether blocks are computed again for their gradients, to take less memory. */
  readonly recompute?: boolean;
  /** Of a step's matrix products, the share that was computed once for all epochs: that of frozen lower blocks. */
  readonly keptShare?: number;
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

/** How long training will take from now on; the first steps, or the features before them, are over. */
export interface EstimateEvent extends EstimateFacts {
  readonly type: "estimate";
}

export interface EstimateFacts {
  readonly seconds: number;
  readonly epochs: number;
  /** Of the cross-validation before the training on all images; 0 without. */
  readonly folds: number;
  /** Training images. */
  readonly images: number;
  /** Of training, validation aside; judged by multiplications where only features were timed, 0 where training is next to nothing. */
  readonly imagesPerSecond: number;
  readonly measuredOn: "steps" | "features";
}

/** A linear probe on frozen features, or the model's own head: what training starts from, and that its result is never worse than. */
export interface FitProbeEvent extends ProbeFacts {
  readonly type: "probe";
  readonly state: FitState;
  readonly sample?: Predictions;
}

export interface ProbeFacts {
  /** Absent where nothing was validated. */
  readonly valLoss?: number;
  readonly valTop1?: number;
  /** The best L2 penalty on validation examples, or in cross-validation without any; absent of the model's own head. */
  readonly penalty?: number;
  readonly seconds: number;
}

/** What training continues from, with the rows of new classes: it starts here, and its result is never worse. */
export interface FitContinuedEvent extends ContinuedFacts {
  readonly type: "continued";
  readonly state: FitState;
  /** The logits of the validation examples, or of a sample of very many, for calibration; absent without any. */
  readonly sample?: Predictions;
}

export interface ContinuedFacts {
  /** Absent where nothing was validated. */
  readonly valLoss?: number;
  readonly valTop1?: number;
  /** Classes whose rows are new. */
  readonly newClasses: number;
  /** The L2 penalty of the probe that made their rows; absent where they start at zero, or there are none. */
  readonly penalty?: number;
  readonly seconds: number;
}

export interface FitStepEvent extends StepFacts {
  readonly type: "step";
  readonly state: FitState;
}

export interface StepFacts {
  /** From 0, in cross-validation; absent while all examples are trained on. */
  readonly fold?: number;
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
  /** The logits of the validation examples, or of a sample of very many, for calibration; absent without any. */
  readonly sample?: Predictions;
}

export interface EpochFacts {
  /** From 0, in cross-validation; absent while all examples are trained on. */
  readonly fold?: number;
  readonly epoch: number;
  readonly step: number;
  readonly learningRate: number;
  readonly trainLoss: number;
  /** Percent, on the batches as they were trained on. */
  readonly trainTop1: number;
  /** On validation examples; in cross-validation on the fold, and at last over all folds. */
  readonly valLoss?: number;
  readonly valTop1?: number;
  /** Whether this is the epoch to keep so far, by the recipe's `select`. */
  readonly best: boolean;
  readonly seconds: number;
  /** Of these, how long steps waited for their images. */
  readonly waitSeconds: number;
}

/** A fold of cross-validation is finished. */
export interface FitFoldEvent extends FoldFacts {
  readonly type: "fold";
  readonly state: FitState;
}

export interface FoldFacts {
  /** From 0. */
  readonly fold: number;
  readonly folds: number;
  /** How many examples it holds out. */
  readonly examples: number;
  /** Percent of them that are right with the head that it starts from, a probe or the model's own, and after its last epoch. */
  readonly probeTop1: number;
  readonly top1: number;
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
