/** Shows the progress of a model's download or conversion. */

import type { ModelProgress } from "../node.ts";
import { chooseProgressMode, openProgress } from "./progress.ts";
import { slowly } from "./slow-progress.ts";

export interface ReadingProgress {
  readonly show: (progress: ModelProgress) => void;
  readonly close: () => void;
}

/** Draws on stderr; `json` silences it. The line goes once the last file is there. */
export function showReading({ json }: { readonly json: boolean }): ReadingProgress {
  const progress = openProgress({ mode: chooseProgressMode(process.stderr, { json }) });
  const tasks = new Map<string, ReturnType<typeof slowly>>();
  return {
    show: ({ type, file, done, total }) => {
      const download = type === "download";
      const label = download ? `downloading ${file}` : `converting ${file}`;
      const unit = download ? "MB" : "tensors";
      const task = tasks.get(label) ?? slowly(progress, { label, unit });
      tasks.set(label, task);
      if (download) task(Math.floor(done / 1e6), Math.ceil(total / 1e6));
      else task(done, total);
      if (done >= total) progress.clear();
    },
    close: () => progress.close(),
  };
}
