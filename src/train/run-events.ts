/** What a run tells of itself as a whole: what will be done, and what came of it. */

import { sizeOf } from "../formats/tensor.ts";
import type { Position } from "./checkpoint.ts";
import type { DoneEvent, StartEvent } from "./events.ts";
import type { OpenedRun } from "./open-run.ts";
import type { Run } from "./run.ts";

/** Before the first step. */
export function startEvent(run: Run): StartEvent {
  const { choice, trainables, recipe, context, trainExamples, valExamples, backboneSize } = run;
  const count = (parts: typeof trainables) => parts.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return {
    type: "start",
    method: choice.name,
    trainable: count(trainables),
    headTrainable: count(trainables.filter(({ name }) => name.startsWith("head."))),
    backbone: backboneSize,
    classes: context.classes,
    trainExamples: trainExamples.length,
    valExamples: valExamples.length,
    epochs: recipe.epochs,
    steps: run.stepsPerEpoch * recipe.epochs,
    microBatchSize: context.microBatchSize,
    resumedAt: run.position.step,
  };
}

/** Of a finished run, now or when it is asked to go on. */
export function doneEvent(
  { folder, recipe }: OpenedRun,
  { best, step, epoch, seconds }: Position,
): DoneEvent {
  const kept =
    recipe.select === "val" && best ? { epoch: best.epoch, valTop1: best.top1 } : { epoch: epoch - 1 };
  return {
    type: "done",
    adapter: folder.paths.adapter,
    ...kept,
    ...{ step, seconds, stoppedEarly: epoch < recipe.epochs, report: folder.paths.report },
  };
}
