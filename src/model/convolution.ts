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

interface Neighbourhood {
  readonly axis: number;
  /** Odd: as many before a place as after it. */
  readonly count: number;
  /** Every how many places. */
  readonly stride?: number;
}

/** Each place's `count` nearest along an axis side by side: [..., channels] → [..., count · channels]. */
const withNeighbours = (x: Value, near: Neighbourhood): Value =>
  neighbours(x, near).reduce((left, right) => concat(left, right, 3));

/** x [batch, rows, columns, channels] moved by each distance along an axis, zeros around, every `stride`-th place of it. */
export function neighbours(x: Value, { axis, count, stride = 1 }: Neighbourhood): Value[] {
  const size = x.shape[axis] as number;
  const reach = (count - 1) / 2;
  const places = Math.floor((size - 1) / stride) + 1;
  const after = Math.max(0, count - 1 + stride * places - reach - size);
  const padded = reach + after > 0 ? pad(x, { axis, before: reach, after }) : x;
  return Array.from({ length: count }, (_, from) => {
    const moved = slice(padded, { axis, from, to: from + stride * places });
    if (stride === 1) return moved;
    const grouped = reshape(moved, [...x.shape.slice(0, axis), places, stride, ...x.shape.slice(axis + 1)]);
    const first = slice(grouped, { axis: axis + 1, from: 0, to: 1 });
    return reshape(first, [...x.shape.slice(0, axis), places, ...x.shape.slice(axis + 1)]);
  });
}

/** The square around every `stride`-th place, in order of rows, columns and channels: [batch, rows, columns, size² · channels]. */
export const squares = (
  x: Value,
  { size, stride }: { readonly size: number; readonly stride: number },
): Value =>
  withNeighbours(withNeighbours(x, { axis: 2, count: size, stride }), { axis: 1, count: size, stride });

/** What the convolution is where there are no neighbours, on a grid of one place: the kernel's middle as a matrix. */
export function middleOf({ weight, bias }: Affine): Affine {
  const [out, into, down, across] = weight.shape as [number, number, number, number];
  const middle = (value: Value, axis: number, size: number) =>
    slice(value, { axis, from: (size - 1) / 2, to: (size + 1) / 2 });
  return { weight: reshape(middle(middle(weight, 2, down), 3, across), [out, into]), bias };
}
