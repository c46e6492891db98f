/** Reads what a study is made of, and names its trials by it. */

import { resolve } from "node:path";
import type { Dataset } from "../datasets/dataset.ts";
import { hashWeights } from "../model/hash.ts";
import type { Model } from "../model/model.ts";
import { readModel } from "../model/read-model.ts";
import { eventStream } from "../runs/event-stream.ts";
import { type CellTrials, makeTrials } from "./cell-trials.ts";
import type { StudyEvent } from "./events.ts";
import type { StudyPlan } from "./plan-study.ts";
import { type DataCopy, describeCopy, openStudyData } from "./study-data.ts";
import { studyPaths } from "./study-folder.ts";
import type { StudyOptions } from "./study-options.ts";
import type { StudyInput } from "./study-schema.ts";

/** All that is known before the first trial. */
export interface PreparedStudy {
  readonly input: StudyInput;
  readonly plan: StudyPlan;
  readonly model: Model;
  readonly threads: number;
  /** By the name of the data set. */
  readonly datasets: ReadonlyMap<string, Dataset>;
  readonly copies: ReadonlyMap<string, DataCopy>;
  readonly cells: readonly CellTrials[];
}

/** Reads the model and hashes every image, so that a trial is named by what it is trained on. */
export async function* prepareStudy(
  input: StudyInput & { readonly model: string },
  {
    plan,
    options,
    only,
  }: {
    readonly plan: StudyPlan;
    readonly options: StudyOptions;
    /** The one data set that is needed, where it is one; trials of others have no names then. */
    readonly only?: string;
  },
): AsyncGenerator<StudyEvent, PreparedStudy, void> {
  const { signal, onProgress, out } = options;
  const { imageSize, heads, validationFraction, testFraction, skipBadImages = false } = input;
  const { provider = "cpu", threads = 1 } = input;
  const model = await readModel(input.model, {
    ...(imageSize !== undefined && { imageSize }),
    ...(heads !== undefined && { heads }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  });
  for (const message of model.notes) yield { type: "note", message };
  const sha256 = await hashWeights(model, signal ? { signal } : {});
  const datasets = new Map<string, Dataset>();
  const copies = new Map<string, DataCopy>();
  for (const { name, path } of plan.data) {
    if (only !== undefined && name !== only) continue;
    const dataset = await openStudyData(path, { validationFraction, testFraction, signal });
    datasets.set(name, dataset);
    for (const note of dataset.notes) yield { type: "note", message: `${name}: ${note}` };
    yield* eventStream<StudyEvent>(async (emit, signal) => {
      const onProgress = (done: number, total: number) =>
        emit({ type: "progress", label: `reading ${name}`, done, total, unit: "images" });
      copies.set(name, await describeCopy(dataset, { signal, onProgress }));
    }, signal);
  }
  const { imageSize: sizes } = model.config;
  const ownHeads = "heads" in model.config ? model.config.heads : undefined;
  const paths = studyPaths(resolve(out));
  const parts = {
    plan,
    common: {
      ...{
        model: { sha256, imageSize: sizes, heads: ownHeads },
        engine: { provider, threads },
        skipBadImages,
      },
    },
    trial: {
      ...{ validationFraction, testFraction, imageSize, heads },
      ...{ model: model.source ?? input.model, features: `${paths.features}/${provider}-${threads}` },
    },
    listings: new Map([...copies].map(([name, { listing }]) => [name, listing])),
    folderOf: (name: string) => `${paths.trials}/${name}`,
  };
  const cells = plan.cells.map((cell) => makeTrials(cell, parts));
  return { input, plan, model, threads, datasets, copies, cells };
}
