/** A trial: one training of a study, named by everything that its result depends on. */

import { createHash } from "node:crypto";
import type { StepChoices } from "../preprocessing/compose-steps.ts";
import type { RecipeInput } from "../train/recipe.ts";
import { version } from "../version.ts";

/**
 * What is measured: `validate` trains on training images and reads accuracy on validation images after each epoch; `test`
 * trains on both and reads test images once, after the last; `test-epochs` trains on both and reads them after each.
 */
export type Purpose = "validate" | "test" | "test-epochs";

/** What the result depends on. */
export interface TrialContent {
  readonly purpose: Purpose;
  /** `DataCopy.listing`: the images, their labels and splits. */
  readonly data: string;
  readonly model: {
    readonly sha256: string;
    readonly imageSize: readonly number[];
    readonly heads?: number | undefined;
  };
  readonly method: { readonly name: string; readonly options: Readonly<Record<string, unknown>> };
  readonly recipe: RecipeInput;
  readonly images: StepChoices;
  readonly seed: number;
  readonly engine: { readonly provider: string; readonly threads: number };
  readonly skipBadImages: boolean;
}

/** What a process needs to train it. */
export interface Trial {
  readonly name: string;
  readonly content: TrialContent;
  readonly dataPath: string;
  readonly validationFraction: number | undefined;
  readonly testFraction: number | undefined;
  readonly model: string;
  readonly imageSize: number | undefined;
  readonly heads: number | undefined;
  /** Where its run lies while it trains, and where features of the frozen model are shared. */
  readonly folder: string;
  readonly features: string;
  /** Where its machines share no folder; whoever runs it fetches what it reads from there. */
  readonly store?: TrialStore | undefined;
}

export interface TrialStore {
  /** s3://BUCKET/PREFIX. */
  readonly address: string;
  /** The name of the model there; its data set's is `content.data`. */
  readonly model: string;
  /** Whether its last state, with the adapter, is wanted. */
  readonly keepState: boolean;
}

/** After an epoch, on the split that the trial measures. */
export interface EpochScore {
  /** From 0; -1 is the linear probe. */
  readonly epoch: number;
  readonly top1: number;
  readonly loss: number;
}

export interface TrialResult {
  /** Trainable parameters, and how many of them are the head's. */
  readonly trainable: number;
  readonly headTrainable: number;
  readonly trainImages: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly batchSize: number;
  /** In words. */
  readonly preprocessing: { readonly training: string; readonly evaluation: string };
  /** Of `validate` and `test-epochs`: the last epoch and the best, on this many images. */
  readonly epochScores?: { readonly images: number; readonly last: EpochScore; readonly best: EpochScore };
  /** Of `test`. */
  readonly test?: {
    readonly images: number;
    readonly correct: number;
    readonly top1: number;
    readonly loss: number | null;
  };
  /** Why there are no scores: training diverged. */
  readonly diverged?: string;
}

/** What differs from machine to machine and from run to run. */
export interface TrialCost {
  /** Of training with its validation, without reading test images. */
  readonly seconds: number;
  /** Resident memory of the process at its highest. */
  readonly peakBytes: number;
}

/** A line of the results. */
export interface TrialRecord {
  readonly type: "trial";
  readonly name: string;
  readonly content: TrialContent;
  readonly result: TrialResult;
  readonly cost: TrialCost;
}

/** What is asked of its training: every epoch is trained, and nothing is held out besides. */
export const recipeOf = ({ purpose, recipe, seed }: TrialContent): RecipeInput => ({
  ...recipe,
  ...{ seed, select: purpose === "test" ? "last" : "val", patience: 0, folds: 0 },
});

/** Sixteen hexadecimal digits of a hash of the content, and of the version that computed with it. */
export const nameTrial = (content: TrialContent): string =>
  createHash("sha256")
    .update(JSON.stringify(sorted({ version, content })))
    .digest("hex")
    .slice(0, 16);

/** With the entries of objects in order, so that only what they say counts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, entry]) => [key, sorted(entry)]),
  );
}
