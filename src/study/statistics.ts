/** Mean, standard deviation and confidence interval of a few numbers, such as the accuracies of three seeds. */

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Of a sample, with n − 1 below; undefined of a single value, which says nothing of how far others lie. */
export function stdOf(values: readonly number[]): number | undefined {
  if (values.length < 2) return undefined;
  const mean = meanOf(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}

/** 97.5 % points of Student's t for 1 to 30 degrees of freedom (any textbook; NIST/SEMATECH e-Handbook 1.3.6.7.2). */
const points = [
  ...[12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228],
  ...[2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086],
  ...[2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042],
] as const;

/** Beyond the table: Abramowitz and Stegun 26.7.5, the point of a normal distribution and two terms in 1/n. */
function studentPoint(freedom: number): number {
  const z = 1.959964;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  return points[freedom - 1] ?? z + first / freedom + second / freedom ** 2;
}

/** The 95 % interval of the mean that the values are a sample of; undefined of a single value. */
export function meanInterval(values: readonly number[]): readonly [low: number, high: number] | undefined {
  const std = stdOf(values);
  if (std === undefined) return undefined;
  const half = (studentPoint(values.length - 1) * std) / Math.sqrt(values.length);
  const mean = meanOf(values);
  return [mean - half, mean + half];
}
