/** What adapting did to one weight, seen by its singular values and vectors: W against W' and ΔW = W' - W. */

import { type Matrix, norm } from "./matrix.ts";
import { principalAngles, type Turn } from "./principal-angles.ts";
import type { SingularPart, SvdOptions } from "./svd.ts";

/** One weight [out, in] as it was, and as each adapter has it. */
export interface WeightPair {
  readonly before: Matrix;
  readonly afters: readonly Float32Array[];
  /** How many of the largest singular values span the subspaces whose turn is measured. */
  readonly top: number;
  /** Of `before`, where it was decomposed already. */
  readonly own?: SingularPart | undefined;
}

export interface ComparedWeights {
  /** Of W. */
  readonly own: SingularPart;
  readonly changes: readonly WeightChange[];
}

export interface WeightChange {
  /** ‖ΔW‖ / ‖W‖, of Frobenius norms. */
  readonly change: number;
  /** exp of the entropy of ΔW's singular values as shares of their sum (Roy and Vetterli 2007). */
  readonly effectiveRank: number;
  /** ‖σ(W') - σ(W)‖ / ‖σ(W)‖: at most `change` (Mirsky 1960), and the less of it, the more the vectors have turned. */
  readonly spectrumMoved: number;
  /** The subspaces of the inputs, which the paper calls left, and of the outputs, right. */
  readonly left: Turn | undefined;
  readonly right: Turn | undefined;
  /** Singular values of W' and of ΔW, in descending order. */
  readonly values: Float64Array;
  readonly changeValues: Float64Array;
}

/** As in svd.ts, in this thread or in another. */
export type Decompose = (matrix: Matrix, options: Omit<SvdOptions, "gram">) => Promise<SingularPart>;

/** W is decomposed once for all adapters, which then come one by one, so that one change at a time is held. */
export async function compareWeights(
  { before, afters, top, own: known }: WeightPair,
  decompose: Decompose,
): Promise<ComparedWeights> {
  const own = known ?? (await decompose(before, { vectors: top }));
  const { rows, columns } = before;
  const size = norm(before.data) || 1;
  const changes: WeightChange[] = [];
  for (const after of afters) {
    const difference = subtract(after, before.data);
    const [adapted, { values: changeValues }] = await Promise.all([
      decompose({ rows, columns, data: after }, { vectors: top }),
      decompose({ rows, columns, data: difference }, { small: false }),
    ]);
    changes.push(describeChange(own, { adapted, changeValues, size, change: norm(difference) / size }));
  }
  return { own, changes };
}

interface Decomposed {
  readonly adapted: SingularPart;
  readonly changeValues: Float64Array;
  /** ‖ΔW‖ / ‖W‖. */
  readonly change: number;
  /** ‖W‖. */
  readonly size: number;
}

function describeChange(
  own: SingularPart,
  { adapted, changeValues, change, size }: Decomposed,
): WeightChange {
  const count = Math.min(own.rowVectors.length, adapted.rowVectors.length);
  const turn = (side: "rowVectors" | "columnVectors") =>
    principalAngles(own[side].slice(0, count), adapted[side].slice(0, count));
  return {
    change,
    // What float32 rounds away in W' is no part of the change: of a matrix of rank 8, 760 values would be such noise.
    effectiveRank: effectiveRank(changeValues, { floor: float32Rounding * (own.values[0] ?? 0) }),
    spectrumMoved: norm(subtract(adapted.values, own.values)) / size,
    ...{ left: turn("rowVectors"), right: turn("columnVectors") },
    ...{ values: adapted.values, changeValues },
  };
}

function subtract(one: ArrayLike<number>, other: ArrayLike<number>): Float64Array {
  const difference = Float64Array.from(one);
  for (let at = 0; at < difference.length; at++)
    difference[at] = (difference[at] as number) - (other[at] as number);
  return difference;
}

const float32Rounding = 2 ** -23;

/** From 0 for a matrix of zeros to the number of values where all are equal. */
export function effectiveRank(values: ArrayLike<number>, { floor = 0 } = {}): number {
  const counted = Array.from(values).filter((value) => value > floor);
  const sum = counted.reduce((a, b) => a + b, 0);
  if (sum === 0) return 0;
  return Math.exp(counted.reduce((entropy, value) => entropy - (value / sum) * Math.log(value / sum), 0));
}
