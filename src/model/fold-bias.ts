/** A bias moved to where a file has room for one: from behind a matrix to in front of it. */

import { FileError } from "../errors.ts";
import type { Tensor } from "../formats/tensor.ts";
import { sizeAlong } from "../graph/shapes.ts";

/**
 * The shortest d [in] with W·d = b, for W [out, in] that is wider than high: what is added before W gives b behind it.
 * d = Wᵀ·(W·Wᵀ)⁻¹·b, by Cholesky, in float64. `name` names the matrix in the message.
 */
export function biasBefore(weight: Tensor, bias: ArrayLike<number>, name: string): Float64Array {
  const [out, into] = [sizeAlong(weight.shape, 0), sizeAlong(weight.shape, 1)];
  const rows = Array.from({ length: out }, (_, row) =>
    Float64Array.from(weight.data.subarray(row * into, (row + 1) * into)),
  );
  const lower = cholesky(rows);
  if (!lower)
    throw new FileError(
      `"${name}" is not of full rank, so the bias that the method gives it cannot be stored in front of it. Export the model instead: rlrr export.`,
    );
  const y = solve(lower, Float64Array.from(bias));
  const result = new Float64Array(into);
  for (const [row, values] of rows.entries())
    for (let at = 0; at < into; at++)
      result[at] = (result[at] as number) + (values[at] as number) * (y[row] as number);
  return result;
}

function dot(a: Float64Array, b: Float64Array, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}

/** L with L·Lᵀ = W·Wᵀ, by its rows; nothing where W·Wᵀ cannot be inverted. */
function cholesky(rows: readonly Float64Array[]): Float64Array[] | undefined {
  const lower = rows.map(() => new Float64Array(rows.length));
  for (const [i, row] of rows.entries()) {
    const own = lower[i] as Float64Array;
    for (let j = 0; j <= i; j++) {
      const other = lower[j] as Float64Array;
      const rest = dot(row, rows[j] as Float64Array, row.length) - dot(own, other, j);
      if (j < i) own[j] = rest / (other[j] as number);
      else if (rest > 1e-10 * dot(row, row, row.length)) own[j] = Math.sqrt(rest);
      else return undefined;
    }
  }
  return lower;
}

/** y with L·Lᵀ·y = b. */
function solve(lower: readonly Float64Array[], b: Float64Array): Float64Array {
  const y = Float64Array.from(b);
  for (const [i, row] of lower.entries()) y[i] = ((y[i] as number) - dot(row, y, i)) / (row[i] as number);
  for (let i = lower.length - 1; i >= 0; i--) {
    let rest = y[i] as number;
    for (let j = i + 1; j < lower.length; j++) rest -= (lower[j]?.[i] as number) * (y[j] as number);
    y[i] = rest / (lower[i]?.[i] as number);
  }
  return y;
}
