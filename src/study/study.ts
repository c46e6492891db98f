/** A study: a grid of data sets, methods, recipes and seeds, trained side by side, resumed wherever it was stopped. */

import { basename } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { InputError } from "../errors.ts";
import { absolute, askedStudy } from "./asked-study.ts";
import type { StudyEvent } from "./events.ts";
import { planStudy } from "./plan-study.ts";
import { prepareStudy } from "./prepare-study.ts";
import { withPreset } from "./presets.ts";
import { connectQueue } from "./queue-connection.ts";
import { openResultsFile } from "./results-file.ts";
import { runSlot } from "./run-slot.ts";
import { runStudy } from "./run-study.ts";
import { dataOfSlot } from "./slots.ts";
import { storeAt } from "./store-place.ts";
import { earlierStudy, openStudyFolder, studyPaths } from "./study-folder.ts";
import { checkStudyOptions, type StudyOptions } from "./study-options.ts";

type Events = AsyncGenerator<StudyEvent, void, void>;

/**
 * Runs every trial that is not recorded in `out` yet, and ends with the table. Raising `signal`, or leaving the loop, saves
 * the trials that run; the same call goes on from there, and from wherever a killed study was, to the same table.
 */
export async function* study(options: StudyOptions): Events {
  checkStudyOptions(options);
  const { out, signal, trial } = options;
  try {
    const queue = options.queue === undefined ? undefined : await connectQueue(options.queue);
    const store = options.bucket === undefined ? undefined : await storeAt(options.bucket);
    const asked = await askedStudy(options);
    const input = await withPreset(asked);
    const plan = planStudy(input);
    if (input.model === undefined) throw new InputError((show) => `study: ${show("model")} is missing.`);
    const begun = await earlierStudy(out);
    const complete = { ...input, model: input.model };
    if (trial !== undefined) {
      if (!begun || options.study !== undefined)
        throw new InputError(
          (show) =>
            `${show("trial")} runs a trial of the study that is in ${out}, as it is there. ${begun ? "Leave out all that says what to study." : `There is none; ${show("emit")} writes it.`}`,
        );
      const { cells } = yield* prepareStudy(complete, { plan, options, only: dataOfSlot(plan, trial) });
      return yield* runSlot({ cells, slot: trial, out, keepAdapters: input.keepAdapters ?? false }, signal);
    }
    const prepared = yield* prepareStudy(complete, { plan, options });
    const placed = absolute(asked, prepared.model);
    if (begun && !isDeepStrictEqual(begun, JSON.parse(JSON.stringify(placed))))
      yield {
        type: "note",
        message: `${out} held another study. Its tables give way to this one's; ${basename(studyPaths(out).results)} keeps the trials of both.`,
      };
    const unlock = await openStudyFolder(out, placed);
    const results = await openResultsFile(studyPaths(out).results).catch(async (error: unknown) => {
      await unlock();
      throw error;
    });
    try {
      yield* runStudy(prepared, { results, options, queue, store });
    } finally {
      await results.close();
      await unlock();
    }
  } catch (error) {
    if (!signal?.aborted || error !== signal.reason) throw error;
    yield { type: "stopped", step: 0 };
  }
}
