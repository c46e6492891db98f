/** A sample of the symmetric beta distribution, as mixup and cutmix choose their shares. */

import type { RandomStream } from "../random.ts";

/** X / (X + Y) of two gamma samples: beta of `shape` and `shape`, symmetric about a half. */
export function sampleBeta(random: RandomStream, shape: number): number {
  const [x, y] = [logGamma(random, shape), logGamma(random, shape)];
  // By logarithms: of a small shape both samples may be too small for a number.
  return 1 / (1 + Math.exp(y - x));
}

/**
 * The logarithm of a gamma sample. Marsaglia and Tsang, ACM Transactions on Mathematical Software 26, 2000: v = (1 + x / √(9d))³ of a
 * normal x is kept where ln u < x²/2 + d - dv + d ln v, with d = shape - 1/3. Below 1: one of shape + 1, times u^(1/shape).
 */
function logGamma(random: RandomStream, shape: number): number {
  if (shape < 1) return logGamma(random, shape + 1) + Math.log(1 - random.next()) / shape;
  const d = shape - 1 / 3;
  for (;;) {
    const x = random.normal();
    const v = (1 + x / Math.sqrt(9 * d)) ** 3;
    if (v <= 0) continue;
    if (Math.log(1 - random.next()) < (x * x) / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}
