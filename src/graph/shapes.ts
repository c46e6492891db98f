/** Shape rules that several ops share; each throws where the graph is built. */

import { GraphError } from "../errors.ts";
import { renderShape, type Shape, sizeOf } from "../formats/tensor.ts";

/** NumPy broadcasting: sizes aligned at the right, 1 stretches. */
export function broadcastShape(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1)
      throw new GraphError(`${op}: shapes do not broadcast, ${renderShape(a)} and ${renderShape(b)}.`);
    return x === 1 ? y : x;
  });
}

/** Axes kept with size 1, as every reduction here does. */
export function reducedShape(op: string, shape: Shape, axes: readonly number[]): Shape {
  for (const axis of axes)
    if (!(axis >= 0 && axis < shape.length))
      throw new GraphError(`${op}: axis ${axis} is outside ${renderShape(shape)}.`);
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

export function reshapedShape(shape: Shape, to: Shape): Shape {
  if (!to.every((size) => Number.isInteger(size) && size > 0))
    throw new GraphError(`reshape: sizes are whole numbers above 0, got ${renderShape(to)}.`);
  if (sizeOf(shape) !== sizeOf(to))
    throw new GraphError(
      `reshape: ${renderShape(shape)} holds ${sizeOf(shape)} numbers, ${renderShape(to)} needs ${sizeOf(to)}.`,
    );
  return to;
}

export function transposedShape(shape: Shape, order: readonly number[]): Shape {
  const turned = order.flatMap((axis) => shape[axis] ?? []);
  if (turned.length !== shape.length || new Set(order).size !== shape.length)
    throw new GraphError(
      `transpose: ${renderShape(order)} is not an order of the axes of ${renderShape(shape)}.`,
    );
  return turned;
}

export function slicedShape(shape: Shape, axis: number, from: number, to: number): Shape {
  const size = shape[axis];
  if (size === undefined || from < 0 || to > size || from >= to)
    throw new GraphError(`slice: ${from} to ${to} of axis ${axis} is not inside ${renderShape(shape)}.`);
  return shape.map((old, at) => (at === axis ? to - from : old));
}

/** Zeros before and after, along one axis. */
export function paddedShape(shape: Shape, axis: number, before: number, after: number): Shape {
  if (shape[axis] === undefined || before < 0 || after < 0)
    throw new GraphError(
      `pad: ${before} and ${after} cannot go around axis ${axis} of ${renderShape(shape)}.`,
    );
  return shape.map((size, at) => (at === axis ? before + size + after : size));
}

/** Batched matrix product: equal leading sizes, [.., m, k] × [.., k, n]. */
export function matmulShape(a: Shape, b: Shape): Shape {
  const bad = () =>
    new GraphError(`matmul: inner or batch sizes differ, ${renderShape(a)} × ${renderShape(b)}.`);
  const [m, k] = a.slice(-2);
  const [inner, n] = b.slice(-2);
  const batch = a.slice(0, -2);
  if (m === undefined || n === undefined || k !== inner || a.length !== b.length) throw bad();
  if (batch.some((size, axis) => size !== b[axis])) throw bad();
  return [...batch, m, n];
}

/** Product of two matrices, either transposed first. */
export function gemmShape(op: string, a: Shape, b: Shape, transposed: { a: boolean; b: boolean }): Shape {
  if (a.length !== 2 || b.length !== 2)
    throw new GraphError(`${op}: needs two matrices, got ${renderShape(a)} and ${renderShape(b)}.`);
  const [rows, inner] = transposed.a ? [a[1], a[0]] : [a[0], a[1]];
  const [other, columns] = transposed.b ? [b[1], b[0]] : [b[0], b[1]];
  if (rows === undefined || columns === undefined || inner !== other) {
    const side = (shape: Shape, turned: boolean) => `${renderShape(shape)}${turned ? "ᵀ" : ""}`;
    throw new GraphError(`${op}: inner sizes differ, ${side(a, transposed.a)} × ${side(b, transposed.b)}.`);
  }
  return [rows, columns];
}
