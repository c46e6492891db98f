/** Writes what a run has trained as an adapter that stands by itself. */

import type { Adapter } from "../adapter/adapter.ts";
import { writeAdapter } from "../adapter/adapter-file.ts";
import { shareableName } from "../adapter/base-name.ts";
import { calibrate } from "../calibration/calibrate.ts";
import { copyTensors } from "../train/epochs.ts";
import type { FitEpochEvent } from "../train/fit-events.ts";
import type { PreparedRun } from "./prepare-run.ts";
import { validatedOn } from "./validated-on.ts";

export type EpochResult = Pick<FitEpochEvent, "epoch" | "valTop1" | "step">;
export type EpochState = Pick<FitEpochEvent, "state" | "sample">;

export interface RunAdapter {
  readonly path: string;
  readonly kept: EpochResult;
  readonly made: EpochState;
}

export async function writeRunAdapter(
  run: PreparedRun,
  { path, kept, made: { state, sample } }: RunAdapter,
): Promise<void> {
  const { trainables, recipe, options, config, chosen, evaluation, images } = run;
  const { model, dataset } = options;
  await writeAdapter(path, {
    base: {
      id: shareableName(config.model.id),
      sha256: config.model.sha256,
      ...(model.commit !== undefined && { revision: model.commit }),
    },
    method: chosen.choice,
    ownMethod: chosen.ownMethod,
    labels: dataset.classes,
    preprocessing: evaluation,
    config: { ...model.config, classes: dataset.classes.length },
    training: trainingOf(run, kept),
    images,
    ...(sample && calibrate(sample)),
    tensors: copyTensors(trainables, { parameters: state.parameters, blend: recipe.blend }),
  });
}

function trainingOf(run: PreparedRun, { epoch, valTop1 }: EpochResult): Adapter["training"] {
  const { recipe, splits, options } = run;
  const validated = validatedOn(run, splits);
  return {
    ...recipe,
    trainImages: splits.train.length,
    validationImages: validated.images,
    keptEpoch: epoch,
    validation: validated.kind,
    validationTop1: valTop1,
    ...(options.continued && { continuedFrom: options.continued.from }),
  };
}
