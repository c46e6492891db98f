/** How far numbers of two programs are apart. */

import type { Tensor } from "../src/formats/tensor.ts";

type Numbers = ArrayLike<number>;

const largest = (numbers: Numbers): number => {
  let most = 0;
  for (let i = 0; i < numbers.length; i++) most = Math.max(most, Math.abs(numbers[i] as number));
  return most;
};

/** The largest difference over `scale`, the largest of the expected numbers where left out. */
export function relativeDistance(actual: Numbers, expected: Numbers, scale = largest(expected)): number {
  if (actual.length !== expected.length) return Number.NaN;
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs((actual[i] as number) - (expected[i] as number));
    worst = difference <= worst ? worst : difference; // NaN stays
  }
  return worst / scale;
}

/** Of all numbers as one vector. */
export function cosine(a: Numbers, b: Numbers): number {
  if (a.length !== b.length) return Number.NaN;
  let [product, first, second] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] as number, b[i] as number];
    product += x * y;
    first += x * x;
    second += y * y;
  }
  return product / Math.sqrt(first * second);
}

export interface GradientDistance {
  readonly name: string;
  readonly relative: number;
}

/**
 * Of every tensor the largest difference over its largest number. What is added to all keys alike changes no attention, so the
 * gradient of a `k.shift` is zero but for rounding: its difference is taken over the largest gradient of the same block's `q.shift`.
 */
export function gradientDistances(
  expected: ReadonlyMap<string, Tensor>,
  actual: (name: string) => Numbers | undefined,
): readonly GradientDistance[] {
  return [...expected].map(([name, { data }]) => {
    const scale = largest(expected.get(name.replace(/\.k\.shift$/, ".q.shift"))?.data ?? data);
    return { name, relative: relativeDistance(actual(name) ?? [], data, scale) };
  });
}
