/** Householder's reduction of a symmetric matrix to a tridiagonal one, and the way back for its eigenvectors. */

import { openWorkspace, type Workspace } from "./kernel.ts";

/** T = Qᵀ·A·Q with Q the product of reflectors I - τ·v·vᵀ, one for each row. */
export interface Tridiagonal {
  readonly size: number;
  readonly diagonal: Float64Array;
  /** Element i couples i - 1 and i; the first is 0. */
  readonly beside: Float64Array;
  /** Row i holds the v of its reflector, i numbers. */
  readonly reflectors: Float64Array;
  readonly factors: Float64Array;
}

/** Reads the lower triangle of `matrix` [size, size], which is not changed. */
export function tridiagonalise(matrix: Float64Array, size: number): Tridiagonal {
  const space = openWorkspace(matrix, size);
  const { a, v0, w0, v1, w1 } = space;
  const [diagonal, beside, factors] = [0, 0, 0].map(() => new Float64Array(size)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  let [update, next]: [Update, Update] = [
    { v: v0, w: w0 },
    { v: v1, w: w1 },
  ];
  for (let row = size - 1; row >= 1; row--) {
    applyToRow(a, { row, size, update });
    diagonal[row] = a[row * size + row] as number;
    const { factor, value } = reflect(a.subarray(row * size, row * size + row), next.v);
    [beside[row], factors[row]] = [value, factor];
    // One pass over the matrix does the last row's update and the product that this row needs: w = A·v.
    updateAndMultiply(space, { row, size, update, next });
    let dot = 0;
    for (let j = 0; j < row; j++) {
      next.w[j] = factor * (next.w[j] as number);
      dot += (next.w[j] as number) * (next.v[j] as number);
    }
    for (let j = 0; j < row; j++)
      next.w[j] = (next.w[j] as number) - 0.5 * factor * dot * (next.v[j] as number);
    [update, next] = [next, update];
  }
  diagonal[0] = (a[0] as number) - 2 * (update.v[0] as number) * (update.w[0] as number);
  return { size, diagonal, beside, reflectors: a.slice(), factors };
}

/** A - v·wᵀ - w·vᵀ, which has yet to be done. */
interface Update {
  readonly v: Float64Array;
  readonly w: Float64Array;
}

interface RowUpdate {
  readonly row: number;
  readonly size: number;
  readonly update: Update;
}

function applyToRow(a: Float64Array, { row, size, update: { v, w } }: RowUpdate): void {
  const [x, y, start] = [v[row] as number, w[row] as number, row * size];
  for (let j = 0; j <= row; j++)
    a[start + j] = (a[start + j] as number) - x * (w[j] as number) - y * (v[j] as number);
}

/** The reflector that leaves of `x` only its last number: it is written over `x` and into `v`, whose last number is 1. */
export function reflect(x: Float64Array, v: Float64Array): { factor: number; value: number } {
  const last = x.length - 1;
  const alpha = x[last] as number;
  let square = 0;
  for (let j = 0; j < last; j++) square += (x[j] as number) ** 2;
  if (square === 0) {
    v.fill(0, 0, x.length);
    x.fill(0);
    return { factor: 0, value: alpha };
  }
  const value = (alpha > 0 ? -1 : 1) * Math.sqrt(square + alpha * alpha);
  for (let j = 0; j < last; j++) v[j] = (x[j] as number) / (alpha - value);
  v[last] = 1;
  for (let j = 0; j <= last; j++) x[j] = v[j] as number;
  return { factor: (value - alpha) / value, value };
}

/** Two rows at once, so that what both need is loaded once. */
function updateAndMultiply(
  { a, sums, updateRows }: Workspace,
  { row: count, size, update, next: { v, w } }: RowUpdate & { readonly next: Update },
): void {
  const { v: pv, w: pw } = update;
  const [p, q, z] = [pv.byteOffset, pw.byteOffset, v.byteOffset];
  w.fill(0, 0, count);
  for (let i = 0; i < count; i += 2) {
    const two = i + 1 < count;
    const [r0, r1] = [i * size, two ? (i + 1) * size : i * size];
    const [x0, y0, v0] = [pv[i] as number, pw[i] as number, v[i] as number];
    const [x1, y1, v1] = two ? [pv[i + 1] as number, pw[i + 1] as number, v[i + 1] as number] : [x0, y0, 0];
    const [row0, row1] = [a.byteOffset + 8 * r0, a.byteOffset + 8 * r1];
    updateRows(row0, row1, 8 * i, p, q, z, w.byteOffset, sums.byteOffset, x0, y0, v0, x1, y1, v1);
    const s0 = (sums[0] as number) + (sums[1] as number);
    const s1 = (sums[2] as number) + (sums[3] as number);
    const d0 = (a[r0 + i] as number) - 2 * x0 * y0;
    a[r0 + i] = d0;
    w[i] = (w[i] as number) + s0 + d0 * v0;
    if (!two) continue;
    const between = (a[r1 + i] as number) - x1 * (pw[i] as number) - y1 * (pv[i] as number);
    const d1 = (a[r1 + i + 1] as number) - 2 * x1 * y1;
    [a[r1 + i], a[r1 + i + 1]] = [between, d1];
    w[i] = (w[i] as number) + between * v1;
    w[i + 1] = (w[i + 1] as number) + s1 + between * v0 + d1 * v1;
  }
}

/** Q·z: an eigenvector of T becomes one of A, in place. */
export function transformBack({ size, reflectors, factors }: Tridiagonal, z: Float64Array): void {
  for (let row = 1; row < size; row++) {
    const [factor, start] = [factors[row] as number, row * size];
    if (factor === 0) continue;
    let dot = 0;
    for (let j = 0; j < row; j++) dot += (reflectors[start + j] as number) * (z[j] as number);
    for (let j = 0; j < row; j++) z[j] = (z[j] as number) - factor * dot * (reflectors[start + j] as number);
  }
}
