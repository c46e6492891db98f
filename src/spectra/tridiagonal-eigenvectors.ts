/** Some eigenvectors of a symmetric tridiagonal matrix whose eigenvalues are known, by inverse iteration. */

import { randomStream } from "../random.ts";
import { norm } from "./matrix.ts";
import type { Tridiagonal } from "./tridiagonal.ts";

const rounds = 3;

/** One for each of `eigenvalues`, which are in descending order; orthonormal. */
export function tridiagonalEigenvectors(
  matrix: Pick<Tridiagonal, "diagonal" | "beside">,
  eigenvalues: Float64Array,
): Float64Array[] {
  const size = matrix.diagonal.length;
  const largest = (numbers: Float64Array) => numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const scale = Math.max(largest(matrix.diagonal), largest(matrix.beside), 1e-300);
  const random = randomStream(1, "eigenvectors");
  const found: Float64Array[] = [];
  let last = Number.POSITIVE_INFINITY;
  for (const eigenvalue of eigenvalues) {
    // Equal eigenvalues would give the same vector each time: they are set apart by what rounding cannot tell.
    const shift = Math.min(eigenvalue, last - 10 * Number.EPSILON * scale);
    last = shift;
    const solve = factorise(matrix, { shift, smallest: Number.EPSILON * scale });
    const vector = Float64Array.from({ length: size }, () => random.normal());
    for (let round = 0; round < rounds; round++) {
      solve(vector);
      normalise(vector);
      for (const other of found) removePart(vector, other);
      normalise(vector);
    }
    found.push(vector);
  }
  return found;
}

interface Shifted {
  readonly shift: number;
  /** What a pivot of 0 is replaced by. */
  readonly smallest: number;
}

/** Gauss with row exchanges on T - shift·I; what it gives solves for a right side in place. */
function factorise(
  { diagonal, beside }: Pick<Tridiagonal, "diagonal" | "beside">,
  { shift, smallest }: Shifted,
): (x: Float64Array) => void {
  const size = diagonal.length;
  const pivot = diagonal.map((value) => value - shift);
  const [above, second, factor] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  above.set(beside.subarray(1));
  const exchanged = new Uint8Array(size);
  for (let i = 0; i + 1 < size; i++) {
    const below = beside[i + 1] as number;
    const own = pivot[i] as number;
    if (Math.abs(own) >= Math.abs(below)) {
      const [ratio, next] = [below / (Math.abs(own) < smallest ? smallest : own), pivot[i + 1] as number];
      factor[i] = ratio;
      pivot[i + 1] = next - ratio * (above[i] as number);
      continue;
    }
    const [ratio, right, corner] = [own / below, above[i] as number, above[i + 1] as number];
    [exchanged[i], factor[i], pivot[i]] = [1, ratio, below];
    [above[i], second[i]] = [pivot[i + 1] as number, corner];
    pivot[i + 1] = right - ratio * (above[i] as number);
    above[i + 1] = -ratio * corner;
  }
  for (let i = 0; i < size; i++) if (Math.abs(pivot[i] as number) < smallest) pivot[i] = smallest;
  return (x) => {
    for (let i = 0; i + 1 < size; i++) {
      if (exchanged[i]) [x[i], x[i + 1]] = [x[i + 1] as number, x[i] as number];
      x[i + 1] = (x[i + 1] as number) - (factor[i] as number) * (x[i] as number);
    }
    for (let i = size - 1; i >= 0; i--) {
      const right = i + 1 < size ? (above[i] as number) * (x[i + 1] as number) : 0;
      const further = i + 2 < size ? (second[i] as number) * (x[i + 2] as number) : 0;
      x[i] = ((x[i] as number) - right - further) / (pivot[i] as number);
    }
  };
}

/** Scaled first by its largest number, since solving may give numbers whose squares are infinite. */
function normalise(vector: Float64Array): void {
  const largest = vector.reduce((most, x) => Math.max(most, Math.abs(x)), 0) || 1;
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) / largest;
  const length = norm(vector) || 1;
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) / length;
}

function removePart(vector: Float64Array, other: Float64Array): void {
  let dot = 0;
  for (let i = 0; i < vector.length; i++) dot += (vector[i] as number) * (other[i] as number);
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] as number) - dot * (other[i] as number);
}
