/** A matcher for many numbers at once, which prints the worst one and where it is. */

import { expect } from "vitest";

export interface Tolerance {
  /** Of the largest expected number: 1e-6 unless told. */
  readonly relative?: number;
  /** Added to it, for numbers that should be zero: 1e-9 unless told. */
  readonly absolute?: number;
}

declare module "vitest" {
  // biome-ignore lint/suspicious/noExplicitAny: must repeat the declaration it adds to.
  interface Matchers<T = any> {
    /** Same count of numbers, none farther off than the tolerance allows; NaN is never close. */
    toBeCloseToTensor(expected: ArrayLike<number>, tolerance?: Tolerance): T;
  }
}

expect.extend({
  toBeCloseToTensor(
    received: ArrayLike<number>,
    expected: ArrayLike<number>,
    { relative = 1e-6, absolute = 1e-9 }: Tolerance = {},
  ) {
    if (received.length !== expected.length)
      return { pass: false, message: () => `has ${received.length} numbers, not ${expected.length}` };
    const wanted = Array.from(expected);
    const allowed = absolute + relative * wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const errors = wanted.map((x, i) => (received[i] === x ? 0 : Math.abs((received[i] ?? Number.NaN) - x)));
    const worst = errors.reduce((at, error, i) => (error <= (errors[at] ?? 0) ? at : i), 0);
    const pass = errors.every((error) => error <= allowed);
    const message = () =>
      `worst of ${wanted.length} numbers at ${worst}: ${received[worst]} where ${wanted[worst]} was expected, ` +
      `off by ${errors[worst]?.toExponential(2)}; allowed ${allowed.toExponential(2)}`;
    return { pass, message };
  },
});
