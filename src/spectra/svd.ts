/** Singular values of a weight, all of them, and the singular vectors of the largest. */

import { singularValuesByBidiagonal } from "./bidiagonal.ts";
import { gram } from "./gram.ts";
import { type Matrix, norm, toWide } from "./matrix.ts";
import { type Tridiagonal, transformBack, tridiagonalise } from "./tridiagonal.ts";
import { tridiagonalEigenvalues } from "./tridiagonal-eigenvalues.ts";
import { tridiagonalEigenvectors } from "./tridiagonal-eigenvectors.ts";

export interface SingularPart {
  /** min(rows, columns), in descending order. */
  readonly values: Float64Array;
  /** Of the `vectors` largest values that are not 0: orthonormal, as long as a column and as a row. */
  readonly columnVectors: readonly Float64Array[];
  readonly rowVectors: readonly Float64Array[];
}

export interface SvdOptions {
  /** How many pairs of singular vectors to compute. Default 0. */
  readonly vectors?: number;
  /** Whether each value must be accurate relative to itself, not only to the largest. Default true. */
  readonly small?: boolean;
  /**
   * A·Aᵀ where A has no more rows than columns, else Aᵀ·A: square, row-major, its lower triangle at least.
   * Computed here where left out, which takes long for a weight.
   */
  readonly gram?: Float64Array;
}

/**
 * By the eigenvalues of A·Aᵀ, which are the squares: a value that is 1/c of the largest then has an error of some c² · 1e-16 of
 * itself. Beyond this c, values are computed from what the matrix does to the vectors of all such values.
 */
const mostByGram = 3e4;
/** Beyond this c, or where a larger share of the values is beyond the other one, all come from a bidiagonalisation. */
const mostByVectors = 1e8;
const largestShare = 1 / 8;

/** `matrix` is not changed. */
export function decompose(matrix: Matrix, options: SvdOptions = {}): SingularPart {
  const { vectors = 0, small = true } = options;
  const size = Math.min(matrix.rows, matrix.columns);
  const reduced = tridiagonalise(options.gram ?? gram(toWide(matrix)), size);
  const squares = tridiagonalEigenvalues(reduced);
  const values = squares.map((square) => Math.sqrt(Math.max(0, square)));
  if (small) restoreSmall(values, matrix, { reduced, squares });
  return { values, ...leadingVectors(matrix, { reduced, squares, count: vectors }) };
}

/**
 * Replaces the values that are lost in the squares. The vectors of all of them together are known well, if not each, and an
 * error of what they span changes the values by its square alone (Rayleigh and Ritz).
 */
function restoreSmall(
  values: Float64Array,
  matrix: Matrix,
  { reduced, squares }: Omit<Reduced, "count">,
): void {
  const largest = values[0] ?? 0;
  const from = values.findIndex((value) => value * mostByGram < largest);
  if (from < 0) return;
  if (values.length - from <= largestShare * values.length) {
    values.set(valuesOnSpan(matrix, shortVectors(reduced, squares.subarray(from))), from);
    values.sort().reverse();
    if ((values.at(-1) ?? 0) * mostByVectors >= largest) return;
  }
  values.set(singularValuesByBidiagonal(toWide(matrix)));
}

/** Of what the matrix makes of these orthonormal vectors. */
function valuesOnSpan(matrix: Matrix, vectors: readonly Float64Array[]): Float64Array {
  const rows = vectors.map((vector) => partnerOf(matrix, vector));
  const columns = Math.max(matrix.rows, matrix.columns);
  const data = new Float64Array(rows.length * columns);
  for (const [at, row] of rows.entries()) data.set(row, at * columns);
  return singularValuesByBidiagonal({ rows: rows.length, columns, data });
}

interface Reduced {
  readonly reduced: Tridiagonal;
  readonly squares: Float64Array;
  readonly count: number;
}

/** A·Aᵀ has the vectors of the shorter side; Aᵀ times one of them has the direction of its partner. */
function leadingVectors(
  matrix: Matrix,
  { reduced, squares, count }: Reduced,
): Pick<SingularPart, "columnVectors" | "rowVectors"> {
  const rank = squares.findIndex((square) => !(square > 1e-14 * (squares[0] ?? 0)));
  const wanted = Math.min(count, rank < 0 ? squares.length : rank);
  const short = shortVectors(reduced, squares.subarray(0, wanted));
  const long = short.map((vector) => unit(partnerOf(matrix, vector)));
  return matrix.rows <= matrix.columns
    ? { columnVectors: short, rowVectors: long }
    : { columnVectors: long, rowVectors: short };
}

function shortVectors(reduced: Tridiagonal, squares: Float64Array): Float64Array[] {
  const vectors = tridiagonalEigenvectors(reduced, squares);
  for (const vector of vectors) transformBack(reduced, vector);
  return vectors;
}

/** What the matrix makes of a vector of its shorter side: one of its longer side. */
const partnerOf = (matrix: Matrix, vector: Float64Array): Float64Array =>
  matrix.rows <= matrix.columns ? combineRows(matrix, vector) : project(matrix, vector);

/** Aᵀ·x, of as many numbers as there are columns. */
function combineRows({ rows, columns, data }: Matrix, x: Float64Array): Float64Array {
  const sums = new Float64Array(columns);
  for (let row = 0; row < rows; row++) {
    const factor = x[row] as number;
    for (let j = 0; j < columns; j++)
      sums[j] = (sums[j] as number) + factor * (data[row * columns + j] as number);
  }
  return sums;
}

/** A·x, of as many numbers as there are rows. */
function project({ rows, columns, data }: Matrix, x: Float64Array): Float64Array {
  const sums = new Float64Array(rows);
  for (let row = 0; row < rows; row++) {
    let sum = 0;
    for (let j = 0; j < columns; j++) sum += (data[row * columns + j] as number) * (x[j] as number);
    sums[row] = sum;
  }
  return sums;
}

function unit(vector: Float64Array): Float64Array {
  const length = norm(vector);
  return vector.map((x) => x / length);
}
