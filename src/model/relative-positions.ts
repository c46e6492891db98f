/** A table by relative position spread over all pairs of tokens of a window. */

import { expand, pad, reshape, slice, transpose } from "../graph/ops.ts";
import { sizeAlong } from "../graph/shapes.ts";
import type { Value } from "../graph/value.ts";

/**
 * table [(2s-1)², heads], of each offset (rows, columns) from -(s-1) to s-1, → [heads, tokens, tokens] for a window of at most
 * s x s: what token i adds to its score of token j stands in the table at the offset i - j. A smaller window reads the middle
 * of the table, so each offset keeps its number.
 */
export function spreadTable(
  table: Value,
  { side, window: [rows, columns] }: { readonly side: number; readonly window: readonly [number, number] },
): Value {
  const heads = sizeAlong(table.shape, -1);
  const offsets = 2 * side - 1;
  const byHead = transpose(reshape(table, [offsets, offsets, heads]), [2, 0, 1]); // [heads, rows, columns]
  const across = spread(middle(byHead, { axis: 2, side, size: columns }), columns); // [heads, rows, j, i]
  const moved = transpose(middle(across, { axis: 1, side, size: rows }), [0, 2, 3, 1]); // [heads, j, i, rows]
  const both = spread(moved, rows); // [heads, column j, column i, row j, row i]
  return reshape(transpose(both, [0, 4, 2, 3, 1]), [heads, rows * columns, rows * columns]);
}

/** Of offsets from -(side-1) to side-1 those from -(size-1) to size-1. */
function middle(
  x: Value,
  { axis, side, size }: { readonly axis: number; readonly side: number; readonly size: number },
): Value {
  return size === side ? x : slice(x, { axis, from: side - size, to: side + size - 1 });
}

/**
 * t [..., 2n-1] → y [..., j, i] with y = t[i - j + n - 1], by moves alone: rows of t with a zero behind, 2n long, read again as
 * rows of 2n-1, begin each one number later.
 */
function spread(t: Value, n: number): Value {
  const leading = t.shape.slice(0, -1);
  const axis = leading.length;
  const padded = reshape(pad(t, { axis, before: 0, after: 1 }), [...leading, 1, 2 * n]);
  const line = reshape(expand(padded, [...leading, n, 2 * n]), [...leading, 2 * n * n]);
  const skewed = reshape(slice(line, { axis, from: 0, to: n * (2 * n - 1) }), [...leading, n, 2 * n - 1]);
  return slice(skewed, { axis: axis + 1, from: n - 1, to: 2 * n - 1 });
}
