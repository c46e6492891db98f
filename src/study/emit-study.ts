/** Writes a study's folder and the manifests that run its trials through a queue, one each. */

import { isAbsolute, join, resolve } from "node:path";
import { InputError } from "../errors.ts";
import { checkOptions, checkPath, type KnownOptions } from "../files/check-options.ts";
import { showValue } from "../files/show-value.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { readModel } from "../model/read-model.ts";
import { type AskedStudy, absolute, askedStudy } from "./asked-study.ts";
import { type EmitTarget, emitTargets, manifestsFor } from "./emit.ts";
import { planStudy } from "./plan-study.ts";
import { withPreset } from "./presets.ts";
import { countSlots, type SlotCounts } from "./slots.ts";
import { earlierStudy, openStudyFolder } from "./study-folder.ts";

export interface EmitStudyOptions extends AskedStudy {
  /** The queue: slurm or k8s. */
  readonly emit: EmitTarget;
  readonly signal?: AbortSignal | undefined;
}

export interface EmittedStudy {
  /** Paths, in the order in which they are submitted. */
  readonly files: readonly string[];
  readonly trials: SlotCounts;
}

const known: KnownOptions<EmitStudyOptions> = { study: true, out: true, emit: true, signal: true };

/** Trains nothing; `rlrr study` in the same folder runs whatever the queue has not. */
export async function emitStudy(options: EmitStudyOptions): Promise<EmittedStudy> {
  checkOptions(options, { verb: "emitStudy", known });
  const { out: given, emit, signal } = options;
  checkPath(given, { what: "emitStudy: out" });
  if (!emitTargets.includes(emit))
    throw new InputError(
      (show) => `${show("emit")} must be ${emitTargets.join(" or ")}, got ${showValue(emit)}.`,
    );
  const asked = await askedStudy(options);
  const input = await withPreset(asked);
  const plan = planStudy(input);
  if (input.model === undefined) throw new InputError((show) => `study: ${show("model")} is missing.`);
  await earlierStudy(given);
  const { imageSize, heads, threads = 1 } = input;
  const model = await readModel(input.model, {
    ...(imageSize !== undefined && { imageSize }),
    ...(heads !== undefined && { heads }),
    ...(signal && { signal }),
  });
  const out = resolve(given);
  const trials = countSlots(plan);
  const reads = [...plan.data.map(({ path }) => resolve(path)), model.source ?? ""].filter(isAbsolute);
  const unlock = await openStudyFolder(out, absolute(asked, model));
  try {
    const files: string[] = [];
    for (const [name, text] of Object.entries(manifestsFor(emit, { out, counts: trials, threads, reads }))) {
      await writeFileAtomically(join(out, name), text);
      files.push(join(out, name));
    }
    return { files, trials };
  } finally {
    await unlock();
  }
}
