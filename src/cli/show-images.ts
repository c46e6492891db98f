/** Shows the progress of work on images. */

import type { ProgressEvent } from "../index.ts";
import { chooseProgressMode, openProgress } from "./progress.ts";
import { slowly } from "./slow-progress.ts";

export interface ImageProgress {
  readonly show: (event: ProgressEvent) => void;
  /** Prints a message above the line that is drawn. */
  readonly print: (message: string) => void;
  readonly close: () => void;
}

/** Draws on stderr; `json` silences it. */
export function showImages({ json }: { readonly json: boolean }): ImageProgress {
  const progress = openProgress({ mode: chooseProgressMode(process.stderr, { json }) });
  const tasks = new Map<string, ReturnType<typeof slowly>>();
  return {
    show: ({ label, done, total, unit }) => {
      const task = tasks.get(label) ?? slowly(progress, { label, unit });
      tasks.set(label, task);
      task(done, total);
    },
    print: (message) => progress.print(message),
    close: () => progress.close(),
  };
}
