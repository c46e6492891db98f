/** What is kept of training: weights between where it started and where it ended, or their average. Wortsman et al., CVPR 2022, arXiv 2109.01903 (WiSE-FT). */

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
    moments?.average?.set(data);
  }
}

/** start + blend · (trained - start), of which `trained` is the average or the parameter itself; no copy, where no start is noted. */
export function keptParameter({ parameter, start, average }: Moments, blend: number): Float32Array {
  const trained = average ?? parameter;
  if (!start) return trained;
  return trained.map((value, index) => {
    const from = start[index] as number;
    return from + blend * (value - from);
  });
}
