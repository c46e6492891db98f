/** Progress that appears only once a task has taken a while. */

import type { ProgressDrawer } from "./progress.ts";

const patienceMs = 2000;

/** Reports a task to `progress`, except for tasks that end within two seconds. */
export function slowly(
  progress: ProgressDrawer,
  { label, unit = "images" }: { readonly label: string; readonly unit?: string },
): (done: number, total: number) => void {
  const began = performance.now();
  return (done, total) => {
    if (performance.now() - began > patienceMs) progress.update({ label, done, total, unit });
  };
}
