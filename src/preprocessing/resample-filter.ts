/** Resampling filters as curves: weight of a source pixel by its distance from the output pixel's centre. */

import type { Filter } from "./steps.ts";

export interface Curve {
  /** The curve is zero beyond this distance. */
  readonly support: number;
  weight(distance: number): number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

function hamming(distance: number): number {
  const x = Math.abs(distance);
  if (x === 0) return 1;
  return x >= 1 ? 0 : sinc(x) * (Math.fround(0.54) + Math.fround(0.46) * Math.cos(x * Math.PI)); // Pillow's are floats
}

/** Keys' cubic with a = -1/2, as in Pillow (OpenCV and PyTorch tensors use -3/4). */
function bicubic(distance: number): number {
  const a = -0.5;
  const x = Math.abs(distance);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/** `nearest` is not here: it picks a pixel and weighs none. */
export const curves: Readonly<Record<Exclude<Filter, "nearest">, Curve>> = {
  // Half open, so that a pixel on the border of two boxes counts once.
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, weight: hamming },
  bicubic: { support: 2, weight: bicubic },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};
