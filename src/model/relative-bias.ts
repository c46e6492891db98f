/** Relative position bias: what attention adds for each distance between two patches. Bao et al. 2021, arXiv 2106.08254 (BEiT). */

import { concat, expand, pad, reshape, slice, transpose } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";

type Grid = readonly [rows: number, columns: number];

/** Rows of a table: one per distance of two patches, and CLS to patch, patch to CLS, CLS to CLS. */
export const relativeRows = ([rows, columns]: Grid): number => (2 * rows - 1) * (2 * columns - 1) + 3;

/** [rows, heads] → [heads, tokens, tokens] for CLS and patches; tokens that stand between the two get 0. */
export function relativeBias(
  table: Value,
  { grid, tokens }: { readonly grid: Grid; readonly tokens: number },
): Value {
  const [rows, heads] = table.shape as [number, number];
  const patches = grid[0] * grid[1];
  const core = distanceBias(slice(table, { axis: 0, from: 0, to: rows - 3 }), grid); // [heads, patches, patches]
  const row = (index: number) =>
    reshape(slice(table, { axis: 0, from: index, to: index + 1 }), [heads, 1, 1]);
  const ofCls = concat(row(rows - 1), expand(row(rows - 3), [heads, 1, patches]), 2);
  const ofPatches = concat(expand(row(rows - 2), [heads, patches, 1]), core, 2);
  const all = concat(ofCls, ofPatches, 1); // [heads, 1 + patches, 1 + patches]
  const between = tokens - 1 - patches;
  return between === 0 ? all : [1, 2].reduce((bias, axis) => withZeros(bias, axis, between), all);
}

/** Zeros behind the first place along an axis. */
function withZeros(x: Value, axis: number, count: number): Value {
  const first = pad(slice(x, { axis, from: 0, to: 1 }), { axis, before: 0, after: count });
  return concat(first, slice(x, { axis, from: 1, to: x.shape[axis] as number }), axis);
}

/** A table [(2·rows - 1)·(2·columns - 1), heads] → [heads, n, n], where query i and key j read the row of their distance i - j. */
export function distanceBias(table: Value, [rows, columns]: Grid): Value {
  const heads = table.shape[1] as number;
  const square = reshape(table, [2 * rows - 1, 2 * columns - 1, heads]);
  const byRows = byDistance(square, rows); // [key row, query row, 2·columns - 1, heads]
  const both = byDistance(transpose(byRows, [2, 0, 1, 3]), columns); // [key column, query column, key row, query row, heads]
  return reshape(transpose(both, [4, 3, 1, 2, 0]), [heads, rows * columns, rows * columns]);
}

/**
 * v [2n - 1, …] → [n keys, n queries, …] with v[i - j + n - 1] at key j and query i. Repeated n times and cut into rows that are
 * one shorter than v, each row of it begins one place earlier in v than the row before.
 */
function byDistance(v: Value, n: number): Value {
  const [length, ...rest] = v.shape as [number, ...number[]];
  if (n === 1) return reshape(v, [1, 1, ...rest]);
  const repeated = reshape(expand(reshape(v, [1, length, ...rest]), [n, length, ...rest]), [
    n * length,
    ...rest,
  ]);
  const cut = slice(repeated, { axis: 0, from: n - 1, to: n - 1 + n * (length - 1) });
  return slice(reshape(cut, [n, length - 1, ...rest]), { axis: 1, from: 0, to: n });
}
