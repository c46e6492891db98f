/** All eigenvalues of a symmetric tridiagonal matrix, by QL with implicit shifts. Golub and Van Loan, Matrix Computations, 8.3. */

import { EngineError } from "../errors.ts";
import type { Tridiagonal } from "./tridiagonal.ts";

const mostRounds = 60;

/** In descending order. */
export function tridiagonalEigenvalues({
  diagonal,
  beside,
}: Pick<Tridiagonal, "diagonal" | "beside">): Float64Array {
  const d = diagonal.slice();
  const size = d.length;
  const e = new Float64Array(size);
  e.set(beside.subarray(1));
  if (!d.every(Number.isFinite)) throw notOrdinary();
  for (let low = 0; low < size; low++)
    for (let round = 0; ; round++) {
      const high = unreducedEnd(d, e, low);
      if (high === low) break;
      if (round === mostRounds) throw notOrdinary();
      sweep(d, e, { low, high });
    }
  return d.sort().reverse();
}

const notOrdinary = () =>
  new EngineError("The eigenvalues of a weight did not converge; it holds no ordinary numbers.");

/** The last row that is coupled with row `low`, if only through others. */
function unreducedEnd(d: Float64Array, e: Float64Array, low: number): number {
  let high = low;
  for (; high < d.length - 1; high++) {
    const size = Math.abs(d[high] as number) + Math.abs(d[high + 1] as number);
    if (Math.abs(e[high] as number) <= Number.EPSILON * size) break;
  }
  return high;
}

/** One chase of the bulge from `high` to `low`, with Wilkinson's shift. */
function sweep(d: Float64Array, e: Float64Array, { low, high }: { low: number; high: number }): void {
  const [first, coupled] = [d[low] as number, e[low] as number];
  const half = ((d[low + 1] as number) - first) / (2 * coupled);
  let g = (d[high] as number) - first + coupled / (half + (half < 0 ? -1 : 1) * Math.hypot(half, 1));
  let [sine, cosine, shift] = [1, 1, 0];
  for (let i = high - 1; i >= low; i--) {
    const [f, b] = [sine * (e[i] as number), cosine * (e[i] as number)];
    let r = Math.sqrt(f * f + g * g);
    e[i + 1] = r;
    if (r === 0) {
      d[i + 1] = (d[i + 1] as number) - shift;
      e[high] = 0;
      return;
    }
    [sine, cosine] = [f / r, g / r];
    g = (d[i + 1] as number) - shift;
    r = ((d[i] as number) - g) * sine + 2 * cosine * b;
    shift = sine * r;
    d[i + 1] = g + shift;
    g = cosine * r - b;
  }
  d[low] = (d[low] as number) - shift;
  e[low] = g;
  e[high] = 0;
}
