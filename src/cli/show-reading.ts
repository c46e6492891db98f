/** Shows the progress of a model's download or conversion, and of texts that it reads. */

import type { ModelProgress, TextProgress } from "../node.ts";
import { chooseProgressMode, openProgress } from "./progress.ts";
import { slowly } from "./slow-progress.ts";

export interface ReadingProgress {
  readonly show: (progress: ModelProgress | TextProgress) => void;
  readonly close: () => void;
}

/** Draws on stderr; `json` silences it. The line goes once the last file is there. */
export function showReading({ json }: { readonly json: boolean }): ReadingProgress {
  const progress = openProgress({ mode: chooseProgressMode(process.stderr, { json }) });
  const tasks = new Map<string, ReturnType<typeof slowly>>();
  return {
    show: (step) => {
      const { done, total } = step;
      const download = step.type === "download";
      const { label, unit } = nameOf(step);
      const task = tasks.get(label) ?? slowly(progress, { label, unit });
      tasks.set(label, task);
      if (download) task(Math.floor(done / 1e6), Math.ceil(total / 1e6));
      else task(done, total);
      if (done >= total) progress.clear();
    },
    close: () => progress.close(),
  };
}

function nameOf(step: ModelProgress | TextProgress): { readonly label: string; readonly unit: string } {
  if (step.type === "texts") return { label: "reading prompts", unit: "prompts" };
  const download = step.type === "download";
  return {
    label: `${download ? "downloading" : "converting"} ${step.file}`,
    unit: download ? "MB" : "tensors",
  };
}
