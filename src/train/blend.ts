/** What is kept of training: weights between where it started and where it ended. Wortsman et al., CVPR 2022, arXiv 2109.01903 (WiSE-FT). */

import type { Moments, OptimizerState } from "./adamw.ts";

/** The state with its parameters as they are now noted as the start, where a share of the way is kept. */
export const noteStart = (state: OptimizerState, blend: number): OptimizerState =>
  blend === 1
    ? state
    : new Map([...state].map(([name, moments]) => [name, { ...moments, start: moments.parameter.slice() }]));

/** Puts values where training starts from. */
export function putStart(
  state: OptimizerState,
  values: ReadonlyMap<string, { readonly data: Float32Array }>,
): void {
  for (const [name, { data }] of values) {
    const moments = state.get(name);
    moments?.parameter.set(data);
    moments?.start?.set(data);
  }
}

/** start + blend · (parameter - start); the parameter itself, not a copy, where no start is noted. */
export function keptParameter({ parameter, start }: Moments, blend: number): Float32Array {
  if (!start) return parameter;
  return parameter.map((value, index) => {
    const from = start[index] as number;
    return from + blend * (value - from);
  });
}
