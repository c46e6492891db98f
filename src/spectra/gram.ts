/** The Gram matrix A·Aᵀ in float64, four rows against four, so that each number is loaded once for four products. */

import type { WideMatrix } from "./matrix.ts";

const tile = 4;

/** [rows, rows], its lower triangle; what is above the diagonal is undefined. */
export function gram({ rows, columns, data }: Pick<WideMatrix, "rows" | "columns" | "data">): Float64Array {
  const padded = tile * Math.ceil(rows / tile);
  const a = padded === rows ? data : new Float64Array(padded * columns);
  if (a !== data) a.set(data);
  const whole = new Float64Array(padded * padded);
  for (let i = 0; i < padded; i += tile)
    for (let j = 0; j <= i; j += tile) addTile(whole, { a, columns, i, j, padded });
  if (padded === rows) return whole;
  const kept = new Float64Array(rows * rows);
  for (let row = 0; row < rows; row++)
    kept.set(whole.subarray(row * padded, row * padded + rows), row * rows);
  return kept;
}

interface Tile {
  readonly a: Float64Array;
  readonly columns: number;
  readonly i: number;
  readonly j: number;
  readonly padded: number;
}

/** Sixteen sums that stay in registers. */
function addTile(g: Float64Array, { a, columns, i, j, padded }: Tile): void {
  let [s00, s01, s02, s03, s10, s11, s12, s13] = [0, 0, 0, 0, 0, 0, 0, 0];
  let [s20, s21, s22, s23, s30, s31, s32, s33] = [0, 0, 0, 0, 0, 0, 0, 0];
  const [p0, q0] = [i * columns, j * columns];
  const [p1, p2, p3] = [p0 + columns, p0 + 2 * columns, p0 + 3 * columns];
  const [q1, q2, q3] = [q0 + columns, q0 + 2 * columns, q0 + 3 * columns];
  for (let k = 0; k < columns; k++) {
    const b0 = a[q0 + k] as number;
    const b1 = a[q1 + k] as number;
    const b2 = a[q2 + k] as number;
    const b3 = a[q3 + k] as number;
    let x = a[p0 + k] as number;
    s00 += x * b0;
    s01 += x * b1;
    s02 += x * b2;
    s03 += x * b3;
    x = a[p1 + k] as number;
    s10 += x * b0;
    s11 += x * b1;
    s12 += x * b2;
    s13 += x * b3;
    x = a[p2 + k] as number;
    s20 += x * b0;
    s21 += x * b1;
    s22 += x * b2;
    s23 += x * b3;
    x = a[p3 + k] as number;
    s30 += x * b0;
    s31 += x * b1;
    s32 += x * b2;
    s33 += x * b3;
  }
  const at = i * padded + j;
  g.set([s00, s01, s02, s03], at);
  g.set([s10, s11, s12, s13], at + padded);
  g.set([s20, s21, s22, s23], at + 2 * padded);
  g.set([s30, s31, s32, s33], at + 3 * padded);
}
