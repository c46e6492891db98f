/** Every op in plain TypeScript and float64, for the reference engine. */

import { type Shape, sizeOf } from "../formats/tensor.ts";
import { type OpName, unsignedZero } from "../graph/ops.ts";
import { sizeAlong } from "../graph/shapes.ts";
import type { Attributes } from "../graph/value.ts";

/** float64 numbers with their shape. */
export interface Array64 {
  readonly shape: Shape;
  readonly data: Float64Array;
}

type Kernel = (inputs: readonly Array64[], attributes: Attributes, shape: Shape) => Float64Array;

const unary =
  (f: (x: number) => number): Kernel =>
  ([x]) =>
    (x as Array64).data.map(f);

const binary =
  (f: (a: number, b: number) => number): Kernel =>
  ([a, b], _attributes, shape) => {
    const left = spread(a as Array64, shape);
    const right = spread(b as Array64, shape);
    return left.map((x, i) => f(x, right[i] as number));
  };

/** Folds the reduced axes; the result's index of each number comes from its coordinates on the kept ones. */
const reduction =
  (
    start: number,
    f: (total: number, x: number) => number,
    end = (total: number, _count: number) => total,
  ): Kernel =>
  ([x], _attributes, shape) => {
    const { shape: from, data } = x as Array64;
    const result = new Float64Array(sizeOf(shape)).fill(start);
    const to = stridesFor(shape, from);
    data.forEach((number, i) => {
      const at = place(i, from, to);
      result[at] = f(result[at] as number, number);
    });
    return result.map((total) => end(total, data.length / result.length));
  };

/** Maps each row along the last axis to another row or number. */
const rows =
  (f: (row: Float64Array, attributes: Attributes) => ArrayLike<number>): Kernel =>
  ([x], attributes, shape) => {
    const { shape: from, data } = x as Array64;
    const width = sizeAlong(from, -1);
    const result = new Float64Array(sizeOf(shape));
    const step = sizeAlong(shape, -1);
    for (let row = 0; row * width < data.length; row++)
      result.set(f(data.subarray(row * width, (row + 1) * width), attributes), row * step);
    return result;
  };

const moments = (row: Float64Array, epsilon: number) => {
  const mean = row.reduce((a, b) => a + b, 0) / row.length;
  const variance = row.reduce((total, x) => total + (x - mean) ** 2, 0) / row.length;
  return { mean, invStd: 1 / Math.sqrt(variance + epsilon) };
};

/** By the names of the ops. */
export const kernels: Readonly<Record<OpName, Kernel>> = {
  add: binary((a, b) => a + b),
  sub: binary((a, b) => a - b),
  mul: binary((a, b) => a * b),
  div: binary((a, b) => a / b),
  neg: unary((x) => -x),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sqrt: unary(Math.sqrt),
  stopGradient: unary((x) => x),
  sign: unary(Math.sign),
  relu: unary((x) => Math.max(x, 0)),
  sigmoid: unary((x) => 1 / (1 + Math.exp(-x))),
  erf: unary(erf),
  gelu: unary((x) => 0.5 * x * (1 + erf(x * Math.SQRT1_2))),
  sum: reduction(0, (a, b) => a + b),
  mean: reduction(
    0,
    (a, b) => a + b,
    (total, count) => total / count,
  ),
  max: reduction(Number.NEGATIVE_INFINITY, Math.max),
  min: reduction(Number.POSITIVE_INFINITY, Math.min),
  quantise: ([x, scale], { signed }) => {
    const { data, shape } = x as Array64;
    const { data: scales } = scale as Array64;
    const width = data.length / (scales.length === 1 ? 1 : sizeAlong(shape, 0));
    const zero = signed ? 0 : unsignedZero;
    return data.map((number, i) => {
      const units = roundHalfEven(
        number / (scales[scales.length === 1 ? 0 : Math.floor(i / width)] as number),
      );
      return Math.min(Math.max(units + zero, signed ? -128 : 0), signed ? 127 : 255);
    });
  },
  quantisedProduct: ([a, b, scale], _attributes, shape) => {
    const { data, shape: from } = a as Array64;
    const product = batched({ shape: from, data: data.map((x) => x - unsignedZero) }, b as Array64);
    const scales = spread(scale as Array64, shape);
    return product.map((x, i) => x * (scales[i] as number));
  },
  reshape: ([x]) => (x as Array64).data,
  expand: ([x], _attributes, shape) => spread(x as Array64, shape),
  transpose: ([x], { order }, shape) => {
    const from = x as Array64;
    const strides = stridesOf(from.shape);
    const along = (order as readonly number[]).map((axis) => strides[axis] as number);
    return gather(shape, (i) => from.data[place(i, shape, along)] as number);
  },
  slice: ([x], { axis, from }, shape) =>
    shifted(x as Array64, shape, { axis: Number(axis), by: Number(from) }),
  pad: ([x], { axis, before }, shape) =>
    shifted(x as Array64, shape, { axis: Number(axis), by: -Number(before) }),
  concat: ([a, b], { axis }, shape) => {
    const at = Number(axis);
    const head = shifted(a as Array64, shape, { axis: at, by: 0 });
    const tail = shifted(b as Array64, shape, { axis: at, by: -sizeAlong((a as Array64).shape, at) });
    return head.map((x, i) => x + (tail[i] as number));
  },
  matmul: ([a, b]) => batched(a as Array64, b as Array64),
  gemm: ([a, b], { transA, transB }) =>
    batched(
      transA ? transposed(a as Array64) : (a as Array64),
      transB ? transposed(b as Array64) : (b as Array64),
    ),
  linear: ([x, w, b], _attributes, shape) => {
    const product = batched(x as Array64, transposed(w as Array64));
    const bias = spread(b as Array64, shape);
    return product.map((value, i) => value + (bias[i] as number));
  },
  depthwise: ([x, w]) => {
    const [, channels = 0, rows = 0, columns = 0] = (x as Array64).shape;
    const k = sizeAlong((w as Array64).shape, -1);
    return gather((x as Array64).shape, (i) => {
      const [column, row] = [i % columns, Math.floor(i / columns) % rows];
      const plane = Math.floor(i / columns / rows);
      let sum = 0;
      for (let at = 0; at < k * k; at++) {
        const [r, c] = [row + Math.floor(at / k) - (k - 1) / 2, column + (at % k) - (k - 1) / 2];
        if (r < 0 || r >= rows || c < 0 || c >= columns) continue;
        const weight = (w as Array64).data[(plane % channels) * k * k + at] as number;
        sum += weight * ((x as Array64).data[(plane * rows + r) * columns + c] as number);
      }
      return sum;
    });
  },
  softmax: rows((row) => {
    const top = row.reduce((a, b) => Math.max(a, b));
    const exponentials = row.map((x) => Math.exp(x - top));
    const total = exponentials.reduce((a, b) => a + b, 0);
    return exponentials.map((x) => x / total);
  }),
  normalize: rows((row, { epsilon }) => {
    const { mean, invStd } = moments(row, Number(epsilon));
    return row.map((x) => (x - mean) * invStd);
  }),
  invStd: rows((row, { epsilon }) => [moments(row, Number(epsilon)).invStd]),
};

/** As ONNX rounds. */
function roundHalfEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

const stridesOf = (shape: Shape): number[] => shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));

/** Strides that read `small` at the coordinates of `large`: 0 where it is broadcast. */
function stridesFor(small: Shape, large: Shape): number[] {
  const strides = stridesOf(small);
  const extra = large.length - small.length;
  return large.map((_, axis) =>
    axis < extra || small[axis - extra] === 1 ? 0 : (strides[axis - extra] as number),
  );
}

/** The offset at `strides` of the i-th number of `shape`. */
function place(i: number, shape: Shape, strides: readonly number[]): number {
  let rest = i;
  let at = 0;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] as number;
    at += (rest % size) * (strides[axis] as number);
    rest = Math.floor(rest / size);
  }
  return at;
}

const gather = (shape: Shape, read: (i: number) => number): Float64Array =>
  Float64Array.from({ length: sizeOf(shape) }, (_, i) => read(i));

function spread(x: Array64, shape: Shape): Float64Array {
  const strides = stridesFor(x.shape, shape);
  return gather(shape, (i) => x.data[place(i, shape, strides)] as number);
}

/** Reads `x` shifted along one axis; zeros outside it. */
function shifted(x: Array64, shape: Shape, { axis, by }: { axis: number; by: number }): Float64Array {
  const strides = stridesOf(x.shape);
  const step = sizeOf(shape.slice(axis + 1));
  return gather(shape, (i) => {
    const at = (Math.floor(i / step) % (shape[axis] as number)) + by;
    const outside = at < 0 || at >= (x.shape[axis] as number);
    return outside ? 0 : (x.data[place(i, shape, strides) + by * (strides[axis] as number)] as number);
  });
}

function transposed({ shape: from, data }: Array64): Array64 {
  const [rows, columns] = [sizeAlong(from, 0), sizeAlong(from, 1)];
  const shape = [columns, rows];
  return { shape, data: gather(shape, (i) => data[(i % rows) * columns + Math.floor(i / rows)] as number) };
}

function batched(a: Array64, b: Array64): Float64Array {
  const [m, k, n] = [sizeAlong(a.shape, -2), sizeAlong(a.shape, -1), sizeAlong(b.shape, -1)];
  return gather([...a.shape.slice(0, -2), m, n], (i) => {
    const row = Math.floor(i / n);
    const batch = Math.floor(row / m);
    let total = 0;
    for (let j = 0; j < k; j++)
      total += (a.data[row * k + j] as number) * (b.data[batch * k * n + j * n + (i % n)] as number);
    return total;
  });
}

/** The error function to float64 accuracy: a Taylor series near 0, a continued fraction of erfc beyond. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 6) return Math.sign(x);
  if (size < 2.5) {
    let term = x;
    let total = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(total); n++) {
      term *= (-x * x) / n;
      total += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = size;
  for (let n = 60; n > 0; n--) fraction = size + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction);
}
