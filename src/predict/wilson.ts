/** Confidence interval of an accuracy: Wilson's (J. Am. Stat. Assoc. 22, 1927), which holds for few images too. */

/** Two-sided 95 % of a normal distribution. */
const z = 1.959964;

/** The 95 % interval of an accuracy in percent, whose count of correct images was not kept. */
export const intervalOf = (
  percent: number,
  images: number,
): readonly [low: number, high: number] | undefined =>
  wilsonInterval(Math.round((percent * images) / 100), images);

/** The 95 % interval of a share in percent; none without images. */
export function wilsonInterval(
  correct: number,
  images: number,
): readonly [low: number, high: number] | undefined {
  if (images === 0) return undefined;
  const share = correct / images;
  // (p + z²/2n ± z·√(p(1-p)/n + z²/4n²)) / (1 + z²/n)
  const scale = 1 + z ** 2 / images;
  const middle = (share + z ** 2 / (2 * images)) / scale;
  const half = (z / scale) * Math.sqrt((share * (1 - share)) / images + z ** 2 / (4 * images ** 2));
  return [100 * Math.max(0, middle - half), 100 * Math.min(1, middle + half)];
}
