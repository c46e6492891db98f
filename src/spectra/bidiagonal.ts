/** Golub and Kahan's bidiagonalisation: slower than by the Gram matrix, but small singular values are not lost in its squares. */

import type { WideMatrix } from "./matrix.ts";
import { reflect } from "./tridiagonal.ts";
import { tridiagonalEigenvalues } from "./tridiagonal-eigenvalues.ts";

/** In descending order, each within rounding of the largest. */
export function singularValuesByBidiagonal({ rows, columns, data }: WideMatrix): Float64Array {
  const a = data.slice();
  // Rows and columns go from last to first, as in tridiagonalisation.
  const [main, beside] = [new Float64Array(rows), new Float64Array(rows)];
  const v = new Float64Array(columns);
  const [column, u] = [new Float64Array(rows), new Float64Array(rows)];
  for (let step = 0; step < rows; step++) {
    const [row, width] = [rows - 1 - step, columns - step];
    const right = reflect(a.subarray(row * columns, row * columns + width), v);
    main[step] = right.value;
    for (let other = 0; other < row; other++)
      reflectRow(a.subarray(other * columns, other * columns + width), v, right.factor);
    if (row === 0) break;
    for (let other = 0; other < row; other++) column[other] = a[other * columns + width - 1] as number;
    const left = reflect(column.subarray(0, row), u);
    beside[step + 1] = left.value;
    reflectRows(a, { u, factor: left.factor, rows: row, columns, width: width - 1 });
  }
  return valuesOf(main, beside);
}

function reflectRow(row: Float64Array, v: Float64Array, factor: number): void {
  let dot = 0;
  for (let j = 0; j < row.length; j++) dot += (row[j] as number) * (v[j] as number);
  for (let j = 0; j < row.length; j++) row[j] = (row[j] as number) - factor * dot * (v[j] as number);
}

interface Reflection {
  readonly u: Float64Array;
  readonly factor: number;
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
}

/** The reflector from the left, on the first `rows` rows and `width` columns. */
function reflectRows(a: Float64Array, { u, factor, rows, columns, width }: Reflection): void {
  const sums = new Float64Array(width);
  for (let row = 0; row < rows; row++)
    for (let j = 0; j < width; j++)
      sums[j] = (sums[j] as number) + (u[row] as number) * (a[row * columns + j] as number);
  for (let row = 0; row < rows; row++) {
    const by = factor * (u[row] as number);
    for (let j = 0; j < width; j++)
      a[row * columns + j] = (a[row * columns + j] as number) - by * (sums[j] as number);
  }
}

/** The eigenvalues of [0 B; Bᵀ 0], whose rows can be ordered to be tridiagonal, are ± the singular values of B. */
function valuesOf(main: Float64Array, beside: Float64Array): Float64Array {
  const size = main.length;
  const coupled = new Float64Array(2 * size);
  for (let i = 0; i < size; i++) {
    if (i > 0) coupled[2 * i] = beside[i] as number;
    coupled[2 * i + 1] = main[i] as number;
  }
  const both = tridiagonalEigenvalues({ diagonal: new Float64Array(2 * size), beside: coupled });
  return both.subarray(0, size).map((value) => Math.max(0, value));
}
