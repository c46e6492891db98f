/** A running average of the parameters over the steps (EMA), which is then what is validated and kept. Polyak and Juditsky 1992. */

import type { OptimizerState } from "./adamw.ts";

/** The state with its parameters as they are now as the first average, where one is kept. */
export const noteAverage = (state: OptimizerState, emaDecay: number): OptimizerState =>
  emaDecay === 0
    ? state
    : new Map(
        [...state].map(([name, moments]) => [name, { ...moments, average: moments.parameter.slice() }]),
      );

/** average ← decay · average + (1 - decay) · parameter, in place: timm's `ModelEmaV2`, from the first step on alike. */
export function moveAverage(state: OptimizerState, emaDecay: number): void {
  if (emaDecay === 0) return;
  for (const { parameter, average } of state.values()) {
    if (!average) throw new Error("internal: no average was noted.");
    for (let i = 0; i < average.length; i++)
      average[i] = emaDecay * (average[i] as number) + (1 - emaDecay) * (parameter[i] as number);
  }
}
