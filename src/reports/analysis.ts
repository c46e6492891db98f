/** What an analysis finds: weight by weight, layer by layer, and on images. */

import type { ValidationRecord } from "../adapter/validation.ts";
import type { WeightChange } from "../spectra/compare-weights.ts";
import type { EvaluatedSplit } from "./evaluation.ts";

/** Adapters of one base, and that base. */
export interface Analysis {
  readonly base: AnalyzedBase;
  readonly adapters: readonly AnalyzedAdapter[];
  /** What was decided or left out, one sentence each. */
  readonly notes: readonly string[];
}

export interface AnalyzedBase {
  readonly id: string;
  readonly sha256: string;
  /** How many of the largest singular values span the subspaces whose turn is measured. */
  readonly top: number;
  /** The matrices that some adapter changes. */
  readonly matrices: readonly BaseMatrix[];
  /** What is kept, measured on the base itself: the most that an adapter can keep. */
  readonly kept?: Kept;
}

export interface MatrixPlace {
  /** `blocks.3.fc1` */
  readonly name: string;
  readonly role: string;
  /** From 0; -1 outside the blocks. */
  readonly block: number;
}

export interface BaseMatrix extends MatrixPlace {
  readonly out: number;
  readonly in: number;
  /** Singular values, in descending order. */
  readonly values: Float64Array;
}

export interface AnalyzedAdapter {
  readonly path: string;
  /** Short and different for each. */
  readonly name: string;
  readonly method: string;
  /** Why its method changes more than weights, the end of a sentence; absent where weights are all. */
  readonly unmergeable?: string;
  /** How well it did when it was trained; absent where it does not say. */
  readonly validation?: ValidationRecord;
  readonly matrices: readonly ChangedMatrix[];
  /** Biases, norms, CLS and positions that it changes. */
  readonly vectors: readonly ChangedVector[];
  readonly task?: Measured;
  readonly similarity?: Similarity;
  readonly kept?: Kept;
}

export interface ChangedMatrix extends MatrixPlace, WeightChange {}

export interface ChangedVector {
  readonly name: string;
  /** ‖Δ‖ / ‖before‖; absent where that was 0. */
  readonly change?: number;
  /** ‖Δ‖ */
  readonly moved: number;
}

/** An accuracy with its images. */
export interface Measured {
  readonly top1: number;
  readonly correct: number;
  readonly images: number;
  readonly split: EvaluatedSplit;
}

/** Linear CKA of an adapter's features with those of its base, on the same images. */
export interface Similarity {
  readonly images: number;
  readonly split: EvaluatedSplit;
  /** Of the token that the head reads, after each block but the last. */
  readonly blocks: readonly (number | undefined)[];
  /** Of what the head reads. */
  readonly feature: number | undefined;
}

/** What the features still tell of another set of images. */
export interface Kept {
  /** A linear probe fitted anew to these features. */
  readonly probe: Measured;
  /** The probe that was fitted to the base's features, on these. */
  readonly baseProbe: Measured;
  /** The base's own head on these features, where it knows the classes. */
  readonly ownHead?: Measured;
  readonly trainImages: number;
}
