/** Scores of features: distances to class means by Mahalanobis, and the similarity of the nearest training images. */

import type { FeatureSet } from "../../src/train/features.ts";

type Score = (row: Float32Array) => number;

/** The share of a covariance that is a multiple of the identity, since there are few images for so many features. */
const shrinkage = 0.3;

/** Fort et al. 2021 for the relative distance, Sun et al. 2022 for the nearest neighbours. */
export function featureScores(train: FeatureSet, classes: number): ReadonlyMap<string, Score> {
  const width = train.rows.length / train.labels.length;
  const rows = train.labels.map((_, index) => train.rows.subarray(index * width, (index + 1) * width));
  const means = Array.from({ length: classes }, (_, label) =>
    meanOf(rows.filter((_, index) => train.labels[index] === label)),
  );
  const whole = meanOf(rows);
  const within = distance(
    rows.map((row, index) => minus(row, means[train.labels[index] as number] as Float64Array)),
  );
  const around = distance(rows.map((row) => minus(row, whole)));
  const nearestMean: Score = (row) => -Math.min(...means.map((mean) => within(minus(row, mean))));
  const units = rows.map(unit);
  const neighbour =
    (k: number): Score =>
    (row) => {
      const own = unit(row);
      return units.map((one) => dot(one, own)).sort((a, b) => b - a)[k - 1] as number;
    };
  return new Map([
    ["Mahalanobis", nearestMean],
    ["relative Mahalanobis", (row) => nearestMean(row) + around(minus(row, whole))],
    ["nearest neighbour", neighbour(1)],
    ["fifth neighbour", neighbour(5)],
  ]);
}

function meanOf(rows: readonly Float32Array[]): Float64Array {
  const mean = new Float64Array(rows[0]?.length ?? 0);
  for (const row of rows) for (const [i, x] of row.entries()) mean[i] = (mean[i] as number) + x / rows.length;
  return mean;
}

const minus = (row: Float32Array, mean: Float64Array): Float64Array =>
  mean.map((x, i) => (row[i] as number) - x);

function unit(row: Float32Array): Float64Array {
  const exact = Float64Array.from(row);
  const length = Math.sqrt(dot(exact, exact));
  return exact.map((x) => x / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** dᵀ·Σ⁻¹·d with the shrunk covariance Σ = L·Lᵀ of `rows`, which are centred: the square of L⁻¹·d. */
function distance(rows: readonly Float64Array[]): (difference: Float64Array) => number {
  const width = rows[0]?.length ?? 0;
  const matrix = Array.from({ length: width }, () => new Float64Array(width));
  for (const row of rows)
    for (let i = 0; i < width; i++)
      for (let j = 0; j <= i; j++)
        (matrix[i] as Float64Array)[j] =
          at(matrix, i, j) + ((row[i] as number) * (row[j] as number)) / rows.length;
  const scale = matrix.reduce((sum, _, i) => sum + at(matrix, i, i), 0) / width;
  for (let i = 0; i < width; i++)
    for (let j = 0; j <= i; j++)
      (matrix[i] as Float64Array)[j] = (1 - shrinkage) * at(matrix, i, j) + (i === j ? shrinkage * scale : 0);
  cholesky(matrix);
  return (difference) => {
    const solved = new Float64Array(width);
    let total = 0;
    for (let i = 0; i < width; i++) {
      let rest = difference[i] as number;
      for (let j = 0; j < i; j++) rest -= at(matrix, i, j) * (solved[j] as number);
      solved[i] = rest / at(matrix, i, i);
      total += (solved[i] as number) ** 2;
    }
    return total;
  };
}

const at = (matrix: readonly Float64Array[], i: number, j: number): number => matrix[i]?.[j] as number;

/** In place: the lower triangle becomes L. */
function cholesky(matrix: readonly Float64Array[]): void {
  for (let i = 0; i < matrix.length; i++)
    for (let j = 0; j <= i; j++) {
      let rest = at(matrix, i, j);
      for (let k = 0; k < j; k++) rest -= at(matrix, i, k) * at(matrix, j, k);
      (matrix[i] as Float64Array)[j] = i === j ? Math.sqrt(rest) : rest / at(matrix, j, j);
    }
}
