/** A matrix in float64 with its shorter side as rows: what the decompositions work on. */

/** Numbers of a weight, row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: ArrayLike<number>;
}

/** Row-major, at most as many rows as columns. */
export interface WideMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** A copy of the matrix in float64, transposed where it has more rows than columns. */
export function toWide({ rows, columns, data }: Matrix): WideMatrix {
  if (rows <= columns) return { rows, columns, data: Float64Array.from(data) };
  const wide = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      wide[column * rows + row] = data[row * columns + column] as number;
  return { rows: columns, columns: rows, data: wide };
}

/** √Σx²: the Frobenius norm of a matrix. */
export function norm(data: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < data.length; at++) sum += (data[at] as number) ** 2;
  return Math.sqrt(sum);
}
