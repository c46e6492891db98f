/** Shape rules that several ops share; each throws where the graph is built. */

import { GraphError } from "../errors.ts";
import { renderShape, type Shape, sizeOf } from "../formats/tensor.ts";
import { renderOrigin, type Value } from "./value.ts";

/** A shape's sizes typed by its rank, so that destructuring is checked. */
export interface Dims {
  readonly 1: readonly [number];
  readonly 2: readonly [number, number];
  readonly 3: readonly [number, number, number];
  readonly 4: readonly [number, number, number, number];
}

/** `const [batch, tokens, width] = dims(x, 3)`: the sizes of a value that must have so many axes. */
export function dims<Rank extends keyof Dims>(value: Value, rank: Rank): Dims[Rank] {
  if (!hasRank(value.shape, rank))
    throw new GraphError(
      `dims: a value of ${rank} ${rank === 1 ? "axis" : "axes"} is needed, got ${renderShape(value.shape)}. Made at ${renderOrigin(value)}.`,
    );
  return value.shape;
}

const hasRank = <Rank extends keyof Dims>(shape: Shape, rank: Rank): shape is Dims[Rank] =>
  shape.length === rank;

/** The size of one axis, which must be there. */
export function sizeAlong(shape: Shape, axis: number): number {
  const size = shape.at(axis);
  if (size === undefined) throw new GraphError(`Axis ${axis} is outside ${renderShape(shape)}.`);
  return size;
}

/** NumPy broadcasting: sizes aligned at the right, a 1 is repeated. */
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
  const sizes = order.flatMap((axis) => shape[axis] ?? []);
  if (sizes.length !== shape.length || new Set(order).size !== shape.length)
    throw new GraphError(
      `transpose: ${renderShape(order)} is not an order of the axes of ${renderShape(shape)}.`,
    );
  return sizes;
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
    const side = (shape: Shape, isTransposed: boolean) => `${renderShape(shape)}${isTransposed ? "ᵀ" : ""}`;
    throw new GraphError(`${op}: inner sizes differ, ${side(a, transposed.a)} × ${side(b, transposed.b)}.`);
  }
  return [rows, columns];
}

/** One kernel per channel, square and of odd size, so that the result is as large as x. */
export function depthwiseShape(x: Shape, w: Shape): Shape {
  const [channels, one, down, across] = w;
  const fits = x.length === 4 && w.length === 4 && channels === x[1] && one === 1 && down === across;
  if (!fits || (down ?? 0) % 2 !== 1)
    throw new GraphError(`depthwise: kernels ${renderShape(w)} do not fit ${renderShape(x)}.`);
  return x;
}
