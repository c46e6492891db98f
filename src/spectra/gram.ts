/** The Gram matrix of a small matrix; weights have theirs from ONNX Runtime. */

import type { Matrix } from "./matrix.ts";

/** A·Aᵀ [rows, rows]. */
export function gram({ rows, columns, data }: Matrix): Float64Array {
  const products = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++)
        sum += (data[i * columns + k] as number) * (data[j * columns + k] as number);
      products[i * rows + j] = sum;
      products[j * rows + i] = sum;
    }
  return products;
}
