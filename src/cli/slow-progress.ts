/** Progress that only shows itself once a task has taken a while. */

import type { ProgressDrawer } from "./progress.ts";

const patienceMs = 2000;

/** Tells `progress` how far a task is; what is over within two seconds is never drawn. */
export function slowly(
  progress: ProgressDrawer,
  { label, unit = "images" }: { readonly label: string; readonly unit?: string },
): (done: number, total: number) => void {
  const began = performance.now();
  return (done, total) => {
    if (performance.now() - began > patienceMs) progress.update({ label, done, total, unit });
  };
}
