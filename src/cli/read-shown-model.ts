/** Reads a model for a person who waits: how far a download is, and what had to be taken for granted. */

import type { Model } from "../model/model.ts";
import { type ReadModelOptions, readModel } from "../model/read-model.ts";
import type { StepChoices } from "../preprocessing/compose-steps.ts";
import { chooseProgressMode, openProgress } from "./progress.ts";
import { slowly } from "./slow-progress.ts";

/** Reads the model and draws downloads and conversions on stderr, which `json` silences. */
export async function readShownModel(
  source: string,
  { json = false, ...options }: ReadModelOptions & { readonly json?: boolean },
): Promise<Model> {
  const progress = openProgress({ mode: chooseProgressMode(process.stderr, { json }) });
  const tasks = new Map<string, ReturnType<typeof slowly>>();
  try {
    return await readModel(source, {
      ...options,
      onProgress: ({ type, file, done, total }) => {
        const download = type === "download";
        const label = download ? `downloading ${file}` : `converting ${file}`;
        const unit = download ? "MB" : "tensors";
        const task = tasks.get(label) ?? slowly(progress, { label, unit });
        tasks.set(label, task);
        if (download) task(Math.floor(done / 1e6), Math.ceil(total / 1e6));
        else task(done, total);
      },
    });
  } finally {
    progress.close();
  }
}

/** A sentence where nothing says how the model's images are prepared; `choices` are what the user said. */
export function sayAssumedSteps(
  { id, preprocessing, config }: Pick<Model, "id" | "preprocessing" | "config">,
  { resize, crop, normalize }: StepChoices = {},
): readonly string[] {
  if (preprocessing !== undefined || ((resize ?? crop) && normalize)) return [];
  const assumed = [
    ...((resize ?? crop) ? [] : [`they are squashed to ${config.imageSize.join(" x ")} pixels`]),
    ...(normalize ? [] : ["their colours are scaled to mean 0.5 and deviation 0.5"]),
  ];
  return [`${id} does not say how its images are prepared: ${assumed.join(", ")}.`];
}
