/** Numbers by the formula of parity/formula.py, so that golden files need not hold them. */

import { type Shape, sizeOf, type Tensor } from "../src/formats/tensor.ts";

/** Numbers from -0.5 to 0.5, of another series for each index. */
export function byFormula(
  index: number,
  shape: Shape,
): Tensor & { readonly data: Float32Array<ArrayBuffer> } {
  const number = (_: unknown, at: number) =>
    (((Math.imul(at, 2654435761) + index * 97531 + 7) >>> 24) - 128) / 256;
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, number) };
}
