/** How far a subspace has turned: the principal angles between two of the same size. Björck and Golub 1973. */

import { decompose } from "./svd.ts";

/** 0° is the same subspace, 90° one that has nothing in common with it. */
export interface Turn {
  /** Mean and largest of the principal angles, in degrees. */
  readonly mean: number;
  readonly largest: number;
  /** Mean of their squared cosines: the share of one subspace that lies in the other, from 0 to 1. */
  readonly overlap: number;
}

/** Between the spans of two orthonormal sets of as many vectors; nothing where there are none. */
export function principalAngles(
  before: readonly Float64Array[],
  after: readonly Float64Array[],
): Turn | undefined {
  const size = before.length;
  if (size === 0 || after.length !== size) return undefined;
  const products = before.flatMap((one) => after.map((other) => dot(one, other)));
  const { values } = decompose({ rows: size, columns: size, data: products }, { small: false });
  const angles = Array.from(values, (cosine) => (180 / Math.PI) * Math.acos(Math.min(1, cosine)));
  const mean = (numbers: ArrayLike<number>) => Array.from(numbers).reduce((a, b) => a + b, 0) / size;
  return {
    mean: mean(angles),
    largest: Math.max(...angles),
    overlap: Math.min(1, mean(values.map((cosine) => cosine * cosine))),
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
