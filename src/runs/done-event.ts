/** The last event of a run: what was kept, and how well it did. */

import { intervalOf } from "../predict/wilson.ts";
import type { DoneEvent } from "./events.ts";
import type { OpenedRun } from "./open-run.ts";
import type { Validated } from "./validated-on.ts";

interface Kept extends Pick<DoneEvent, "epoch" | "step" | "seconds" | "stoppedEarly"> {
  readonly valTop1?: number;
  readonly validated: Validated;
}

/** Of a run that is finished, now or when it is resumed. No accuracy stands without its images. */
export function doneEvent(
  { folder, options, recipe }: OpenedRun,
  { epoch, step, seconds, stoppedEarly, valTop1, validated: { kind, images } }: Kept,
): DoneEvent {
  const valInterval = valTop1 === undefined ? undefined : intervalOf(valTop1, images);
  return {
    type: "done",
    adapter: folder.paths.adapter,
    epoch,
    validation: valTop1 === undefined ? "none" : kind,
    ...(valTop1 !== undefined && valInterval && { valTop1, valExamples: images, valInterval }),
    ...(options.continued && { continued: true as const }),
    ...(recipe.start === "head" && { ownHead: true as const }),
    ...{ step, seconds, stoppedEarly, report: folder.paths.report },
  };
}
