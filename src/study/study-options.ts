/** What a study is given, and what of it does not go together. */

import { InputError } from "../errors.ts";
import { checkCounts } from "../files/check-count.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import { showValue } from "../files/show-value.ts";
import type { ReadModelOptions } from "../model/read-model.ts";
import { checkS3Address } from "../store/s3-address.ts";
import type { AskedStudy } from "./asked-study.ts";

/** `out` holds results, tables, and trials that are not done. */
export interface StudyOptions extends AskedStudy {
  /** Run this trial alone, of the study that is in `out`, from 0: those that choose settings come first. Its result waits there for the study. */
  readonly trial?: number | undefined;
  /** Trials side by side; by default as many as cores and memory allow. Results do not depend on it. */
  readonly processes?: number | undefined;
  /** redis://HOST:PORT of a Valkey or Redis server: trials are run by those who `work` for it, on any number of machines. */
  readonly queue?: string | undefined;
  /** s3://BUCKET/PREFIX: with `queue`, what workers read and save goes there, so that they share no folder with the study. */
  readonly bucket?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called with the progress of a download from the hub. */
  readonly onProgress?: ReadModelOptions["onProgress"];
}

const known: KnownOptions<StudyOptions> = {
  ...{
    study: true,
    out: true,
    trial: true,
    processes: true,
    queue: true,
    bucket: true,
    signal: true,
    onProgress: true,
  },
};

/** Before anything is read. */
export function checkStudyOptions(options: StudyOptions): void {
  checkOptions(options, { verb: "study", known });
  const { out, processes, trial, queue, bucket } = options;
  if (out === undefined) throw new InputError((show) => `study: ${show("out")} is missing.`);
  checkPath(out, { what: "study: out" });
  checkCounts({ processes });
  if (trial !== undefined && !(Number.isInteger(trial) && trial >= 0))
    throw new InputError(
      (show) => `${show("trial")} must be a whole number from 0, got ${showValue(trial)}.`,
    );
  if (trial !== undefined && queue !== undefined)
    throw new InputError(
      (show) =>
        `${show("trial")} is run here, and ${show("queue")} hands trials to workers; give one of them.`,
    );
  if (queue !== undefined && processes !== undefined)
    throw new InputError(
      (show) =>
        `${show("processes")} is a worker's with ${show("queue")}: a study trains nothing itself then.`,
    );
  if (bucket !== undefined && queue === undefined)
    throw new InputError(
      (show) =>
        `${show("bucket")} is for workers of a ${show("queue")}: give that too, or leave the bucket out.`,
    );
  if (bucket !== undefined) checkS3Address(bucket);
}
