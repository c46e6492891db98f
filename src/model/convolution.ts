/** A convolution over a grid of tokens, made of slices and one matrix product. */

import { concat, linear, pad, reshape, slice, transpose } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { type Affine, onRows } from "./layers.ts";

/**
 * x [batch, rows, columns, in] → [batch, rows, columns, out], with a weight [out, in, down, across] of odd sizes, as
 * PyTorch keeps it, and zeros around the grid.
 */
export function convolution(x: Value, { weight, bias }: Affine): Value {
  const [out, into, down, across] = weight.shape as [number, number, number, number];
  // The kernel's rows outermost, then its columns, then the channels.
  const neighbours = withNeighbours(withNeighbours(x, { axis: 2, count: across }), { axis: 1, count: down });
  const matrix = reshape(transpose(weight, [0, 2, 3, 1]), [out, down * across * into]);
  return onRows(neighbours, (rows) => linear(rows, matrix, bias));
}

/** Each place's `count` nearest along an axis side by side: [..., channels] → [..., count · channels]. */
function withNeighbours(x: Value, { axis, count }: { axis: number; count: number }): Value {
  const size = x.shape[axis] as number;
  const reach = (count - 1) / 2;
  const padded = pad(x, { axis, before: reach, after: reach });
  return Array.from({ length: count }, (_, from) => slice(padded, { axis, from, to: from + size })).reduce(
    (left, right) => concat(left, right, 3),
  );
}

/** What the convolution is where there are no neighbours, on a grid of one place: the kernel's middle as a matrix. */
export function middleOf({ weight, bias }: Affine): Affine {
  const [out, into, down, across] = weight.shape as [number, number, number, number];
  const middle = (value: Value, axis: number, size: number) =>
    slice(value, { axis, from: (size - 1) / 2, to: (size + 1) / 2 });
  return { weight: reshape(middle(middle(weight, 2, down), 3, across), [out, into]), bias };
}
