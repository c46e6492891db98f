/** The table of ops: one row each, with its shape, its gradient and its ONNX form. */

import { GraphError } from "../errors.ts";
import { renderShape, type Shape, sizeOf } from "../formats/tensor.ts";
import {
  broadcastShape,
  depthwiseShape,
  dims,
  gemmShape,
  matmulShape,
  paddedShape,
  reducedShape,
  reshapedShape,
  sizeAlong,
  slicedShape,
  transposedShape,
} from "./shapes.ts";
import {
  type Attributes,
  captureOrigin,
  constant,
  filled,
  type OpValue,
  renderOrigin,
  scalar,
  type Value,
} from "./value.ts";

/** How an op is written in ONNX: https://onnx.ai/onnx/operators/, opset 20. */
export interface OnnxForm {
  readonly type: string;
  /** Whose operator it is, where it is not one of ONNX's own. */
  readonly domain?: string;
  /** Numbers are written as int, except those in `floats`. */
  readonly attributes?: Attributes;
  readonly floats?: Readonly<Record<string, number>>;
  /** int64 inputs after the values: axes, sizes. */
  readonly integers?: readonly (readonly number[])[];
  /** float32 inputs after the values. */
  readonly vectors?: readonly Float32Array[];
  /** All inputs in order, where there are others between the values: those by their index, and numbers. */
  readonly inputs?: readonly (number | OnnxNumbers)[];
  /** Which of the node's outputs is meant; 0 unless told. */
  readonly output?: number;
}

/** Numbers of one of ONNX's types. */
export interface OnnxNumbers {
  readonly type: "float32" | "uint8" | "int8";
  readonly shape: Shape;
  readonly data: Float32Array | Uint8Array | Int8Array;
}

type Shapes<Inputs> = { readonly [K in keyof Inputs]: Shape };
type Gradients<Inputs> = { readonly [K in keyof Inputs]: Value | undefined };

/**
 * One op. Letters are fixed in this file: x (a, b, c) inputs, y result, g the gradient that comes in.
 * A gradient rule returns one value per input, `undefined` where none flows; it may be larger than the input
 * by broadcasting, which `grad.ts` undoes in one place.
 */
export interface Row<Inputs extends readonly Value[] = readonly Value[], A extends Attributes = Attributes> {
  readonly shape: (shapes: Shapes<Inputs>, attributes: A) => Shape;
  readonly vjp: (g: Value, y: Value, inputs: Inputs, attributes: A) => Gradients<Inputs>;
  readonly onnx: string | ((attributes: A, shapes: Shapes<Inputs>) => OnnxForm);
  /** Whether ONNX keeps the result in 8 bits. */
  readonly isInteger?: boolean;
}

type Unary = readonly [Value];
type Binary = readonly [Value, Value];
type Ternary = readonly [Value, Value, Value];
type None = Readonly<Record<string, never>>;
type Axes = { readonly axes: readonly number[] };

const define = <Inputs extends readonly Value[], A extends Attributes = None>(row: Row<Inputs, A>) => row;
const same = ([x]: readonly [Shape]): Shape => x;
const reduction = (type: string) => (attributes: Axes) => ({
  type,
  attributes: { keepdims: 1 },
  integers: [attributes.axes],
});

export const ops = {
  // ---------------------------------------------------------------- elementwise, two inputs, broadcasting
  add: define<Binary>({
    shape: ([a, b]) => broadcastShape("add", a, b),
    vjp: (g) => [g, g],
    onnx: "Add",
  }),
  sub: define<Binary>({
    shape: ([a, b]) => broadcastShape("sub", a, b),
    vjp: (g) => [g, neg(g)],
    onnx: "Sub",
  }),
  mul: define<Binary>({
    shape: ([a, b]) => broadcastShape("mul", a, b),
    vjp: (g, _y, [a, b]) => [mul(g, b), mul(g, a)],
    onnx: "Mul",
  }),
  div: define<Binary>({
    shape: ([a, b]) => broadcastShape("div", a, b),
    // y = a / b   →   da = g / b,  db = -g·y / b
    vjp: (g, y, [, b]) => [div(g, b), neg(div(mul(g, y), b))],
    onnx: "Div",
  }),

  // ---------------------------------------------------------------- elementwise, one input
  neg: define<Unary>({ shape: same, vjp: (g) => [neg(g)], onnx: "Neg" }),
  exp: define<Unary>({ shape: same, vjp: (g, y) => [mul(g, y)], onnx: "Exp" }),
  log: define<Unary>({ shape: same, vjp: (g, _y, [x]) => [div(g, x)], onnx: "Log" }),
  // dx = g / 2√x
  sqrt: define<Unary>({ shape: same, vjp: (g, y) => [div(mul(g, scalar(0.5)), y)], onnx: "Sqrt" }),
  // x itself, but to gradients a constant
  stopGradient: define<Unary>({ shape: same, vjp: () => [undefined], onnx: "Identity" }),
  // flat wherever it has a slope
  sign: define<Unary>({ shape: same, vjp: () => [undefined], onnx: "Sign" }),
  // y = max(x, 0), so sign(y) is its slope: 1 above 0, 0 below and, as in PyTorch, at 0
  relu: define<Unary>({ shape: same, vjp: (g, y) => [mul(g, sign(y))], onnx: "Relu" }),
  // y = 1 / (1 + exp(-x))   →   dx = g · y · (1 - y)
  sigmoid: define<Unary>({
    shape: same,
    vjp: (g, y) => [mul(g, mul(y, sub(scalar(1), y)))],
    onnx: "Sigmoid",
  }),
  // dx = g · 2/√π · exp(-x²)
  erf: define<Unary>({
    shape: same,
    vjp: (g, _y, [x]) => [mul(g, mul(exp(neg(mul(x, x))), scalar(2 / Math.sqrt(Math.PI))))],
    onnx: "Erf",
  }),
  // y = x·Φ(x)   →   dx = g · (Φ(x) + x·φ(x)).  With u = x/√2:  Φ = (1 + erf u)/2,  x·φ = u/exp(u²)/√π,
  // a quotient, which goes to 0 as it should where exp overflows: one pass less than u·exp(-u²)
  gelu: define<Unary>({
    shape: same,
    vjp: (g, _y, [x]) => {
      const u = mul(x, scalar(Math.SQRT1_2));
      const twiceSlope = add(mul(div(u, exp(mul(u, u))), scalar(2 / Math.sqrt(Math.PI))), erf(u));
      return [mul(mul(add(twiceSlope, scalar(1)), scalar(0.5)), g)];
    },
    onnx: "Gelu",
  }),

  // ---------------------------------------------------------------- reductions; reduced axes stay, with size 1
  sum: define<Unary, Axes>({
    shape: ([x], { axes }) => reducedShape("sum", x, axes),
    vjp: (g, _y, [x]) => [expand(g, x.shape)],
    onnx: reduction("ReduceSum"),
  }),
  mean: define<Unary, Axes>({
    shape: ([x], { axes }) => reducedShape("mean", x, axes),
    vjp: (g, y, [x]) => [expand(mul(g, scalar(sizeOf(y.shape) / sizeOf(x.shape))), x.shape)],
    onnx: reduction("ReduceMean"),
  }),
  // to the largest alone: sign(y - x) is 0 there and 1 elsewhere
  max: define<Unary, Axes>({
    shape: ([x], { axes }) => reducedShape("max", x, axes),
    vjp: (g, y, [x]) => [mul(g, sub(scalar(1), sign(sub(y, x))))],
    onnx: reduction("ReduceMax"),
  }),
  min: define<Unary, Axes>({
    shape: ([x], { axes }) => reducedShape("min", x, axes),
    vjp: (g, y, [x]) => [mul(g, sub(scalar(1), sign(sub(x, y))))],
    onnx: reduction("ReduceMin"),
  }),

  // ---------------------------------------------------------------- moving numbers
  reshape: define<Unary, { to: Shape }>({
    shape: ([x], { to }) => reshapedShape(x, to),
    vjp: (g, _y, [x]) => [reshape(g, x.shape)],
    onnx: ({ to }) => ({ type: "Reshape", integers: [to] }),
  }),
  transpose: define<Unary, { order: readonly number[] }>({
    shape: ([x], { order }) => transposedShape(x, order),
    // only this rule reads g
    vjp: (g, y, _x, { order }) => [
      isSwap(y)
        ? swapUnread(g)
        : transpose(
            g,
            Array.from(order.keys(), (axis) => order.indexOf(axis)),
          ),
    ],
    onnx: ({ order }) => ({ type: "Transpose", attributes: { perm: order } }),
  }),
  expand: define<Unary, { to: Shape }>({
    shape: ([x], { to }) => broadcastShape("expand", x, to),
    vjp: (g) => [g],
    onnx: ({ to }) => ({ type: "Expand", integers: [to] }),
  }),
  slice: define<Unary, { axis: number; from: number; to: number }>({
    shape: ([x], { axis, from, to }) => slicedShape(x, axis, from, to),
    vjp: (g, _y, [x], { axis, from, to }) => [
      pad(g, { axis, before: from, after: sizeAlong(x.shape, axis) - to }),
    ],
    onnx: ({ axis, from, to }) => ({ type: "Slice", integers: [[from], [to], [axis]] }),
  }),
  // zeros before and after, along one axis
  pad: define<Unary, { axis: number; before: number; after: number }>({
    shape: ([x], { axis, before, after }) => paddedShape(x, axis, before, after),
    vjp: (g, _y, [x], { axis, before }) => [
      slice(g, { axis, from: before, to: before + sizeAlong(x.shape, axis) }),
    ],
    onnx: ({ axis, before, after }, [x]) => ({
      type: "Pad",
      integers: [
        [...x.map((_, at) => (at === axis ? before : 0)), ...x.map((_, at) => (at === axis ? after : 0))],
      ],
    }),
  }),
  concat: define<Binary, { axis: number }>({
    shape: ([a, b], { axis }) => {
      const fits = a.length === b.length && a.every((size, at) => at === axis || size === b[at]);
      if (!fits || axis < 0 || axis >= a.length)
        throw new GraphError(
          `concat: ${renderShape(a)} and ${renderShape(b)} do not join along axis ${axis}.`,
        );
      return a.map((size, at) => (at === axis ? size + sizeAlong(b, at) : size));
    },
    vjp: (g, y, [a], { axis }) => {
      const middle = sizeAlong(a.shape, axis);
      const end = sizeAlong(y.shape, axis);
      return [slice(g, { axis, from: 0, to: middle }), slice(g, { axis, from: middle, to: end })];
    },
    onnx: ({ axis }) => ({ type: "Concat", attributes: { axis } }),
  }),

  // ---------------------------------------------------------------- matrices
  // y = a·b   →   da = g·bᵀ,  db = aᵀ·g
  matmul: define<Binary>({
    shape: ([a, b]) => matmulShape(a, b),
    vjp: (g, _y, [a, b]) => [matmul(g, swap(b)), matmul(swap(a), g)],
    onnx: "MatMul",
  }),
  // y = A·B with A = a or aᵀ, B = b or bᵀ   →   dA = g·Bᵀ,  dB = Aᵀ·g, each transposed back
  gemm: define<Binary, { transA: boolean; transB: boolean }>({
    shape: ([a, b], { transA, transB }) => gemmShape("gemm", a, b, { a: transA, b: transB }),
    vjp: (g, _y, [a, b], { transA, transB }) => [
      transA ? gemm(b, g, { transA: transB, transB: true }) : gemm(g, b, { transB: !transB }),
      transB ? gemm(g, a, { transA: true, transB: transA }) : gemm(a, g, { transA: !transA }),
    ],
    onnx: ({ transA, transB }) => ({ type: "Gemm", attributes: { transA: +transA, transB: +transB } }),
  }),
  // y = x·wᵀ + b, weights as PyTorch keeps them [out, in]   →   dx = g·w,  dw = gᵀ·x,  db = Σ rows of g = 1·g:
  // a product with ones takes half the time of ONNX Runtime's ReduceSum down the rows
  linear: define<Ternary>({
    shape: ([x, w, b]) => {
      const shape = gemmShape("linear", x, w, { a: false, b: true });
      if (b.length !== 1 || b[0] !== shape[1])
        throw new GraphError(`linear: bias ${renderShape(b)} does not fit weight ${renderShape(w)}.`);
      return shape;
    },
    vjp: (g, _y, [x, w]) => {
      const [rows] = dims(g, 2);
      return [gemm(g, w), gemm(g, x, { transA: true }), gemm(filled([1, rows], 1), g)];
    },
    onnx: () => ({ type: "Gemm", attributes: { transB: 1 } }),
  }),

  // ---------------------------------------------------------------- convolutions
  // y[c] = Σ over the kernel of w[c] · x[c] moved, x [batch, channels, rows, columns], w [channels, 1, k, k] with k odd, zeros
  // around   →   dx = g convolved with w turned by half a turn,  dw = Σ of g · x moved, for each place of the kernel
  depthwise: define<Binary>({
    shape: ([x, w]) => depthwiseShape(x, w),
    vjp: (g, _y, [x, w]) => [depthwise(g, halfTurn(w)), kernelGradient(g, x, w.shape)],
    onnx: (_attributes, [x, w]) => ({
      type: "Conv",
      attributes: { group: sizeAlong(x, 1), pads: Array(4).fill((sizeAlong(w, -1) - 1) / 2) },
    }),
  }),

  // ---------------------------------------------------------------- along the last axis
  // dx = y · (g - Σ g·y)
  softmax: define<Unary>({
    shape: same,
    vjp: (g, y, [x]) => [mul(y, sub(g, sum(mul(g, y), [x.shape.length - 1])))],
    onnx: () => ({ type: "Softmax", attributes: { axis: -1 } }),
  }),
  // y = (x - mean) · invStd   →   dx = invStd · (g - mean(g) - y·mean(g·y))
  normalize: define<Unary, { epsilon: number }>({
    shape: same,
    vjp: (g, y, [x], { epsilon }) => {
      const last = [x.shape.length - 1];
      const centred = sub(sub(g, mean(g, last)), mul(y, mean(mul(g, y), last)));
      return [mul(centred, invStd(x, epsilon))];
    },
    onnx: ({ epsilon }, [x]) => layerNormalization(x, epsilon, 0),
  }),
  // y = 1 / √(variance + ε)   →   dx = -g · y³ · (x - mean) / n
  invStd: define<Unary, { epsilon: number }>({
    shape: ([x]) => reducedShape("invStd", x, [x.length - 1]),
    vjp: (g, y, [x]) => {
      const last = [x.shape.length - 1];
      const slope = mul(mul(y, mul(y, y)), scalar(-1 / sizeAlong(x.shape, -1)));
      return [mul(mul(g, slope), sub(x, mean(x, last)))];
    },
    onnx: ({ epsilon }, [x]) => layerNormalization(x, epsilon, 2),
  }),

  // ---------------------------------------------------------------- 8 bits; written after differentiation, flat
  // y = round(x / scale) in -127..127, or that + 128 in 1..255; one scale for each row, or for all
  quantise: define<Binary, { signed: boolean }>({
    shape: ([x, scale]) => {
      if (scale.length === 0 || (scale.length === 1 && scale[0] === x[0])) return x;
      throw new GraphError(`quantise: ${renderShape(x)} cannot have scales of ${renderShape(scale)}.`);
    },
    vjp: () => [undefined, undefined],
    onnx: ({ signed }, [, scale]) => ({
      type: "QuantizeLinear",
      attributes: { axis: 0 },
      inputs: [0, 1, zeroPoint(signed, scale)],
    }),
    isInteger: true,
  }),
  // y = ((a - 128)·b) ⊙ scale, a unsigned [m, k], b signed [k, n], scale [n]: unsigned at the left runs 5 times faster
  // than signed in ONNX Runtime
  quantisedProduct: define<Ternary>({
    shape: ([a, b, scale]) => {
      const shape = matmulShape(a, b);
      if (scale.length === 1 && scale[0] === shape[1]) return shape;
      throw new GraphError(
        `quantisedProduct: ${renderShape(shape)} cannot have scales of ${renderShape(scale)}.`,
      );
    },
    vjp: () => [undefined, undefined, undefined],
    onnx: () => ({
      type: "MatMulIntegerToFloat",
      domain: "com.microsoft",
      inputs: [0, 1, { type: "float32", shape: [], data: Float32Array.of(1) }, 2, zeroPoint(false, [])],
    }),
  }),
};

/** What stands for 0: 128 among 0..255. */
const zeroPoint = (signed: boolean, shape: Shape): OnnxNumbers =>
  signed
    ? { type: "int8", shape, data: new Int8Array(sizeOf(shape)) }
    : { type: "uint8", shape, data: new Uint8Array(sizeOf(shape)).fill(unsignedZero) };

/** The number of 8 unsigned bits that stands for 0. */
export const unsignedZero = 128;

/** LayerNormalization gives y, mean and invStd at once; two values that need one node share it. */
const layerNormalization = (x: Shape, epsilon: number, output: number): OnnxForm => ({
  type: "LayerNormalization",
  attributes: { axis: -1 },
  floats: { epsilon },
  vectors: [new Float32Array(sizeAlong(x, -1)).fill(1)],
  output,
});

export type OpName = keyof typeof ops;

/** The row of an op, for code that walks any graph. */
export const rowOf = (op: string): Row => ops[op as OpName] as unknown as Row;

function apply(op: OpName, inputs: readonly Value[], attributes: Attributes = {}): OpValue {
  const origin = captureOrigin();
  try {
    const shape = rowOf(op).shape(
      inputs.map((x) => x.shape),
      attributes,
    );
    return { kind: "op", op, inputs, attributes, shape, origin };
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    throw new GraphError(`${error.message} Made at ${renderOrigin({ origin })}.`, { cause: error });
  }
}

export const add = (a: Value, b: Value): Value => apply("add", [a, b]);
export const sub = (a: Value, b: Value): Value => apply("sub", [a, b]);
export const mul = (a: Value, b: Value): Value => apply("mul", [a, b]);
export const div = (a: Value, b: Value): Value => apply("div", [a, b]);
export const neg = (x: Value): Value => apply("neg", [x]);
export const exp = (x: Value): Value => apply("exp", [x]);
export const log = (x: Value): Value => apply("log", [x]);
export const sqrt = (x: Value): Value => apply("sqrt", [x]);
/** x, through which no gradient flows. */
export const stopGradient = (x: Value): Value => apply("stopGradient", [x]);
export const sign = (x: Value): Value => apply("sign", [x]);
export const erf = (x: Value): Value => apply("erf", [x]);
/** 1 / (1 + exp(-x)). */
export const sigmoid = (x: Value): Value => apply("sigmoid", [x]);
/** max(x, 0). */
export const relu = (x: Value): Value => apply("relu", [x]);
/** x·Φ(x), by the exact error function. */
export const gelu = (x: Value): Value => apply("gelu", [x]);
export const sum = (x: Value, axes: readonly number[]): Value => apply("sum", [x], { axes });
export const mean = (x: Value, axes: readonly number[]): Value => apply("mean", [x], { axes });
export const max = (x: Value, axes: readonly number[]): Value => apply("max", [x], { axes });
/** The same numbers in another shape; of a reshape only the last counts. */
export const reshape = (x: Value, to: Shape): Value => {
  const [from] = x.kind === "op" && x.op === "reshape" ? x.inputs : [x];
  return apply("reshape", [from ?? x], { to });
};
export const transpose = (x: Value, order: readonly number[]): Value => apply("transpose", [x], { order });
export const expand = (x: Value, to: Shape): Value => apply("expand", [x], { to });
export const slice = (x: Value, range: { axis: number; from: number; to: number }): Value =>
  apply("slice", [x], range);
export const pad = (x: Value, zeros: { axis: number; before: number; after: number }): Value =>
  apply("pad", [x], zeros);
export const concat = (a: Value, b: Value, axis: number): Value => apply("concat", [a, b], { axis });
export const min = (x: Value, axes: readonly number[]): Value => apply("min", [x], { axes });
/** x [rows, n] in whole numbers of 8 bits, in units of `scale`, [rows] or []; unsigned ones have 128 for 0. */
export const quantise = (x: Value, scale: Value, { signed }: { readonly signed: boolean }): Value =>
  apply("quantise", [x, scale], { signed });
/** (a - 128)·b ⊙ scale: `a` unsigned [m, k], `b` signed [k, n], scale [n]. */
export const quantisedProduct = (a: Value, b: Value, scale: Value): Value =>
  apply("quantisedProduct", [a, b, scale]);
export const matmul = (a: Value, b: Value): Value => apply("matmul", [a, b]);
export const gemm = (a: Value, b: Value, { transA = false, transB = false } = {}): Value =>
  apply("gemm", [a, b], { transA, transB });
/** x [rows, in] · weightᵀ [out, in] + bias [out]. */
export const linear = (x: Value, weight: Value, bias: Value): Value => apply("linear", [x, weight, bias]);
/** Each channel of x [batch, channels, rows, columns] with a kernel of its own, [channels, 1, k, k], zeros around. */
export const depthwise = (x: Value, w: Value): Value => apply("depthwise", [x, w]);
export const softmax = (x: Value): Value => apply("softmax", [x]);
/** Mean 0 and variance 1 along the last axis: LayerNorm without its weight and bias. */
export const normalize = (x: Value, epsilon: number): Value => apply("normalize", [x], { epsilon });
export const invStd = (x: Value, epsilon: number): Value => apply("invStd", [x], { epsilon });

/** The last two axes exchanged: xᵀ; transposing twice gives x itself. */
export function swap(x: Value): Value {
  const order = swapOrder(x.shape.length);
  return isSwap(x) ? x.inputs[0] : transpose(x, order);
}

const swapOrder = (rank: number): number[] => [...Array(rank - 2).keys(), rank - 1, rank - 2];

const isSwap = (x: Value): x is OpValue & { readonly inputs: Unary } =>
  x.kind === "op" && x.op === "transpose" && `${x.attributes.order}` === `${swapOrder(x.shape.length)}`;

/** xᵀ, of a product as (a·b)ᵀ = bᵀ·aᵀ: no copy of the result, but a second product where x itself is read too. */
function swapUnread(x: Value): Value {
  const [a, b] = x.inputs;
  return x.kind === "op" && x.op === "matmul" && a && b ? matmul(swap(b), swap(a)) : swap(x);
}

/** Kernels [channels, 1, k, k] read backwards, by a product with a matrix that reverses. */
function halfTurn(w: Value): Value {
  const [channels, , k] = dims(w, 4);
  const data = new Float32Array(k ** 4);
  for (let at = 0; at < k * k; at++) data[at * k * k + (k * k - 1 - at)] = 1;
  const reversed = gemm(reshape(w, [channels, k * k]), constant({ shape: [k * k, k * k], data }));
  return reshape(reversed, w.shape);
}

/** What each place of the kernels [channels, 1, k, k] has moved x by, times g, summed over images and places. */
function kernelGradient(g: Value, x: Value, shape: Shape): Value {
  const [, channels, rows, columns] = dims(x, 4);
  const k = sizeAlong(shape, -1);
  const reach = (k - 1) / 2;
  const along = (value: Value, axis: number) => pad(value, { axis, before: reach, after: reach });
  const padded = along(along(x, 2), 3);
  const places = Array.from({ length: k * k }, (_, at) => {
    const [down, across] = [Math.floor(at / k), at % k];
    const moved = slice(slice(padded, { axis: 2, from: down, to: down + rows }), {
      axis: 3,
      from: across,
      to: across + columns,
    });
    return reshape(sum(mul(g, moved), [0, 2, 3]), [channels, 1]);
  });
  return reshape(
    places.reduce((left, right) => concat(left, right, 1)),
    shape,
  );
}
