/** How many inputs each case gets of a run, and in which portions. */

import type { FuzzCase } from "./fuzz-case.ts";
import type { Task } from "./worker.ts";

/** Inputs of one task: long enough that memory which grows shows, short enough that both processes end together. */
const PORTION = 5000;

/** Tasks of `count` inputs in all, divided by the cases' shares; rounded up, so that each case gets at least one; seeds from `seed` on. */
export function tasksOf(
  cases: readonly FuzzCase[],
  { seed, count }: { readonly seed: number; readonly count: number },
): readonly Task[] {
  const all = cases.reduce((sum, { share }) => sum + share, 0);
  const portions = cases.flatMap(({ name, share }) => {
    const own = Math.ceil((count * share) / all);
    return Array.from({ length: Math.ceil(own / PORTION) }, (_, wave) => {
      const begin = wave * PORTION;
      return { wave, task: { name, seed: seed + begin, count: Math.min(PORTION, own - begin) } };
    });
  });
  // The cheap cases have many portions: one of each case comes before the second of any.
  return portions.toSorted((a, b) => a.wave - b.wave).map(({ task }) => task);
}
