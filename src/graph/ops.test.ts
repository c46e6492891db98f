import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import type { Session } from "../engine/engine.ts";
import { openEngine } from "../engine/open-engine.ts";
import { evaluate } from "../engine/reference.ts";
import type { Array64 } from "../engine/reference-kernels.ts";
import { type Shape, sizeOf } from "../formats/tensor.ts";
import { grad } from "./grad.ts";
import {
  add,
  concat,
  depthwise,
  div,
  erf,
  exp,
  expand,
  gelu,
  gemm,
  invStd,
  linear,
  log,
  matmul,
  max,
  mean,
  min,
  mul,
  neg,
  normalize,
  type OpName,
  ops,
  pad,
  quantise,
  quantisedProduct,
  relu,
  reshape,
  sigmoid,
  sign,
  slice,
  softmax,
  sqrt,
  stopGradient,
  sub,
  sum,
  swap,
  transpose,
} from "./ops.ts";
import { constant, filled, input, type Value } from "./value.ts";

/** One use of an op: the shapes of its inputs, the shape it must have, and how it is built. */
interface Sample {
  readonly from: readonly Shape[];
  readonly to: Shape;
  readonly make: (...inputs: Value[]) => Value;
  /** Where the numbers are drawn from; the op may not be defined elsewhere. */
  readonly range: Range;
}
type Range = readonly [low: number, high: number];

/** From "2x3, () -> 2x3": a matrix and a scalar make a matrix. */
function sample(shapes: string, make: Sample["make"], range: Range = [-1.5, 1.5]): Sample {
  const read = (text: string): Shape => (text === "()" ? [] : text.split("x").map(Number));
  const [from = "", to = ""] = shapes.split(" -> ");
  return { from: from.split(", ").map(read), to: read(to), make, range };
}

const elementwise = (make: Sample["make"], range?: Range) =>
  ["()", "1", "2x3", "2x1x3"].map((shape) => sample(`${shape} -> ${shape}`, make, range));

const broadcasting = (make: Sample["make"], range?: Range) =>
  [
    "2x3, 2x3 -> 2x3",
    "2x3, 3 -> 2x3",
    "(), 2x3 -> 2x3",
    "2x1x3, 4x1 -> 2x4x3",
    "1x1, 2x1 -> 2x1",
    "1, 1x1x1 -> 1x1x1",
  ].map((shapes) => sample(shapes, make, range));

const reduction = (make: (x: Value, axes: readonly number[]) => Value) => [
  sample("2x3x4 -> 2x3x1", (x) => make(x, [2])),
  sample("2x3x4 -> 1x3x1", (x) => make(x, [0, 2])),
  sample("2x3 -> 1x1", (x) => make(x, [0, 1])),
  sample("1x3 -> 1x3", (x) => make(x, [0])),
  sample("5 -> 1", (x) => make(x, [0])),
];

const alongRows = (make: Sample["make"]) => [
  sample("2x5 -> 2x5", make),
  sample("2x3x4 -> 2x3x4", make),
  sample("4 -> 4", make),
];

const scalesOf = (count: number): Value =>
  constant({ shape: [count], data: Float32Array.from({ length: count }, (_, at) => 0.0113 * (at + 1)) });

// An op whose row is missing here neither compiles nor passes.
const samples: Record<OpName, readonly Sample[]> = {
  add: broadcasting(add),
  sub: broadcasting(sub),
  mul: broadcasting(mul),
  div: broadcasting(div, [0.5, 2]),
  neg: elementwise(neg),
  exp: elementwise(exp),
  log: elementwise(log, [0.2, 3]),
  sqrt: elementwise(sqrt, [0.2, 3]),
  stopGradient: elementwise(stopGradient),
  sign: elementwise(sign),
  relu: elementwise(relu),
  sigmoid: [...elementwise(sigmoid), sample("40 -> 40", sigmoid, [-9, 9])],
  erf: [...elementwise(erf), sample("40 -> 40", erf, [-7, 7])],
  gelu: [...elementwise(gelu), sample("40 -> 40", gelu, [-8, 8])],
  sum: reduction(sum),
  mean: reduction(mean),
  max: reduction(max),
  min: reduction(min),
  quantise: [
    sample("2x3 -> 2x3", (x) => quantise(x, filled([], 0.0113), { signed: true })),
    sample("2x3 -> 2x3", (x) => quantise(x, scalesOf(2), { signed: true })),
    sample("3x4 -> 3x4", (x) => quantise(x, scalesOf(3), { signed: false })),
    sample("1x4 -> 1x4", (x) => quantise(x, filled([1], 1e-4), { signed: false })),
  ],
  quantisedProduct: [
    sample("2x3, 3x4 -> 2x4", (a, b) =>
      quantisedProduct(
        quantise(a, scalesOf(2), { signed: false }),
        quantise(b, filled([], 0.0113), { signed: true }),
        scalesOf(4),
      ),
    ),
    sample("3x2, 4x3 -> 2x4", (a, b) =>
      quantisedProduct(
        swap(quantise(a, scalesOf(3), { signed: false })),
        swap(quantise(b, scalesOf(4), { signed: true })),
        scalesOf(4),
      ),
    ),
  ],
  reshape: [
    sample("2x6 -> 3x4", (x) => reshape(x, [3, 4])),
    sample("2x2 -> 1x4x1", (x) => reshape(x, [1, 4, 1])),
    sample("1x1 -> ()", (x) => reshape(x, [])),
    sample("() -> 1x1", (x) => reshape(x, [1, 1])),
  ],
  transpose: [
    sample("2x3 -> 3x2", (x) => transpose(x, [1, 0])),
    sample("2x3x4x5 -> 2x4x5x3", (x) => transpose(x, [0, 2, 3, 1])),
    sample("2x1x3 -> 3x2x1", (x) => transpose(x, [2, 0, 1])),
    sample("2x3x4 -> 2x4x3", swap),
  ],
  expand: [
    sample("1x3 -> 4x3", (x) => expand(x, [4, 3])),
    sample("3x1 -> 2x3x4", (x) => expand(x, [2, 3, 4])),
    sample("() -> 2x2", (x) => expand(x, [2, 2])),
    sample("2x3 -> 2x3", (x) => expand(x, [1, 3])),
  ],
  slice: [
    sample("4x3 -> 2x3", (x) => slice(x, { axis: 0, from: 1, to: 3 })),
    sample("2x5x3 -> 2x1x3", (x) => slice(x, { axis: 1, from: 0, to: 1 })),
    sample("2x4 -> 2x2", (x) => slice(x, { axis: 1, from: 2, to: 4 })),
    sample("2x2 -> 2x2", (x) => slice(x, { axis: 0, from: 0, to: 2 })),
  ],
  pad: [
    sample("2x3 -> 5x3", (x) => pad(x, { axis: 0, before: 1, after: 2 })),
    sample("2x2x3 -> 2x3x3", (x) => pad(x, { axis: 1, before: 0, after: 1 })),
    sample("2x1 -> 2x3", (x) => pad(x, { axis: 1, before: 2, after: 0 })),
    sample("2 -> 2", (x) => pad(x, { axis: 0, before: 0, after: 0 })),
  ],
  concat: [
    sample("2x3, 4x3 -> 6x3", (a, b) => concat(a, b, 0)),
    sample("2x1x3, 2x4x3 -> 2x5x3", (a, b) => concat(a, b, 1)),
    sample("1, 1 -> 2", (a, b) => concat(a, b, 0)),
  ],
  matmul: [
    sample("2x3, 3x4 -> 2x4", matmul),
    sample("2x3x2x4, 2x3x4x3 -> 2x3x2x3", matmul),
    sample("2x1x3, 2x3x1 -> 2x1x1", matmul),
  ],
  gemm: [
    sample("2x3, 3x4 -> 2x4", (a, b) => gemm(a, b)),
    sample("3x2, 3x4 -> 2x4", (a, b) => gemm(a, b, { transA: true })),
    sample("2x3, 4x3 -> 2x4", (a, b) => gemm(a, b, { transB: true })),
    sample("3x2, 4x3 -> 2x4", (a, b) => gemm(a, b, { transA: true, transB: true })),
    sample("2x1, 1x4 -> 2x4", (a, b) => gemm(a, b)),
  ],
  linear: [
    sample("2x3, 4x3, 4 -> 2x4", linear),
    sample("1x3, 1x3, 1 -> 1x1", linear),
    sample("3x1, 4x1, 4 -> 3x4", linear),
  ],
  depthwise: [
    sample("2x3x4x5, 3x1x3x3 -> 2x3x4x5", depthwise),
    sample("1x2x2x3, 2x1x5x5 -> 1x2x2x3", depthwise),
    sample("2x1x1x1, 1x1x1x1 -> 2x1x1x1", depthwise),
  ],
  softmax: [...alongRows(softmax), sample("2x4 -> 2x4", softmax, [-40, 40])],
  normalize: [...alongRows((x) => normalize(x, 1e-6)), sample("2x4 -> 2x4", (x) => normalize(x, 0.1))],
  invStd: [
    sample("2x5 -> 2x1", (x) => invStd(x, 1e-6)),
    sample("2x3x4 -> 2x3x1", (x) => invStd(x, 0.1)),
    sample("4 -> 1", (x) => invStd(x, 1e-3)),
  ],
};

/** A sample made into values: y, and the gradient of Σ y ⊙ random with respect to each input. */
interface Case {
  readonly name: string;
  readonly op: OpName;
  readonly sample: Sample;
  readonly inputs: readonly Value[];
  readonly y: Value;
  readonly loss: Value;
  readonly gradients: readonly Value[];
}

const names = Object.keys(ops) as OpName[];
const cases: readonly Case[] = names.flatMap((op) =>
  (samples[op] ?? []).map((sample, index): Case => {
    const name = `${op} ${index}`;
    const inputs = sample.from.map((shape, at) => input(`${name} x${at}`, shape));
    const y = sample.make(...inputs);
    const weights = constant({ shape: y.shape, data: randomNumbers(sizeOf(y.shape), { seed: 77 + index }) });
    const loss = sum(mul(y, weights), [...y.shape.keys()]);
    return { name, op, sample, inputs, y, loss, gradients: grad(loss, inputs) };
  }),
);

const feeds: Record<string, Float32Array> = {};
for (const [index, { name, sample }] of cases.entries()) {
  const [low, high] = sample.range;
  sample.from.forEach((shape, at) => {
    feeds[`${name} x${at}`] = randomNumbers(sizeOf(shape), { seed: 10 * index + at + 1, low, high });
  });
}

const everything = {
  outputs: Object.fromEntries(
    cases.flatMap(({ name, y, gradients }) => [
      [`${name} y`, y],
      ...gradients.map((gradient, at) => [`${name} d${at}`, gradient] as const),
    ]),
  ),
};

const engine = await openEngine({ threads: 1 });
let session: Session;
let measured: Record<string, Float32Array>;
let exact: Record<string, Array64>;

beforeAll(async () => {
  session = await engine.compile(everything);
  measured = await session.run(feeds);
  exact = evaluate(everything, feeds);
});
afterAll(() => engine.close());

describe("ops", () => {
  it.each(names)("has samples of %s, made by that op", (op) => {
    const made = cases.filter((one) => one.op === op);
    expect(made.length).toBeGreaterThan(0);
    for (const { y } of made) expect(y).toMatchObject({ kind: "op", op });
  });
});

describe.each(cases)("$name", ({ name, op, sample, inputs, y, loss, gradients }) => {
  it("has its shape", () => {
    expect(y.shape).toEqual(sample.to);
    expect(gradients.map((gradient) => gradient.shape)).toEqual(sample.from);
  });

  it("gives in ONNX Runtime what it gives in float64", () => {
    expect(measured[`${name} y`]).toBeCloseToTensor(numbersOf(exact, `${name} y`), { relative: 2e-6 });
  });

  it.each([...gradients.keys()])("has the slope of finite differences, input %i", (at) => {
    const x = inputs[at]?.kind === "input" ? inputs[at].name : "";
    // The one op whose gradient is not the slope: it is there to have none.
    const slope = differences(loss, inputs, x).map((one) => (op === "stopGradient" ? 0 : one));
    expect(numbersOf(exact, `${name} d${at}`)).toBeCloseToTensor(slope, {
      relative: 1e-6,
      absolute: 1e-8,
    });
  });

  it.each([...gradients.keys()])("gives in ONNX Runtime the gradient of float64, input %i", (at) => {
    expect(measured[`${name} d${at}`]).toBeCloseToTensor(numbersOf(exact, `${name} d${at}`), {
      relative: 5e-6,
      absolute: 1e-7,
    });
  });
});

const numbersOf = (results: Record<string, Array64>, name: string): Float64Array =>
  results[name]?.data ?? new Float64Array();

/** (f(x + h) - f(x - h)) / 2h for every number of the input named `varied`. */
function differences(loss: Value, inputs: readonly Value[], varied: string): Float64Array {
  const own = Object.fromEntries(
    inputs.flatMap((x) => (x.kind === "input" ? [[x.name, Float64Array.from(feeds[x.name] ?? [])]] : [])),
  );
  const numbers = own[varied] ?? new Float64Array();
  const at = (i: number, value: number) => {
    const moved = { ...own, [varied]: numbers.with(i, value) };
    return evaluate({ outputs: { loss } }, moved).loss?.data[0] ?? Number.NaN;
  };
  const h = 2e-5;
  return numbers.map((x, i) => (at(i, x + h) - at(i, x - h)) / (2 * h));
}

describe("known values", () => {
  const of = (make: (x: Value) => Value, numbers: readonly number[]) => {
    const x = input("x", [numbers.length]);
    return numbersOf(evaluate({ outputs: { y: make(x) } }, { x: Float64Array.from(numbers) }), "y");
  };

  it.each<[string, (x: Value) => Value, readonly number[], readonly number[]]>([
    // Abramowitz and Stegun, table 7.1 and beyond
    [
      "erf",
      erf,
      [0, 0.5, -1, 2.4, 3, 7],
      [0, 0.5204998778130465, -0.8427007929497149, 0.9993114861033549, 0.9999779095030014, 1],
    ],
    // x·Φ(x): Φ(1) = 0.8413447460685429, Φ(-1) = 1 - Φ(1), Φ(2) = 0.9772498680518208
    ["gelu", gelu, [1, -1, 0, 2], [0.8413447460685429, -0.15865525393145707, 0, 1.9544997361036416]],
    // e¹/(e¹ + e²) = 1/(1 + e)
    ["softmax", softmax, [1, 2], [0.2689414213699951, 0.7310585786300049]],
    // mean 5, variance (9 + 1 + 1 + 9)/4 = 5, and 4 of epsilon: (x - 5)/3
    ["normalize", (x) => normalize(x, 4), [2, 4, 6, 8], [-1, -1 / 3, 1 / 3, 1]],
    ["invStd", (x) => invStd(x, 4), [2, 4, 6, 8], [1 / 3]],
    ["relu", relu, [-2, 0, 3], [0, 0, 3]],
    // 1 / (1 + 1/3) and 1 / (1 + 3)
    ["sigmoid", sigmoid, [0, Math.log(3), -Math.log(3), 800, -800], [0.5, 0.75, 0.25, 1, 0]],
    ["max", (x) => max(x, [0]), [-3, -1, -2], [-1]],
    ["min", (x) => min(x, [0]), [-3, -1, -2], [-3]],
    [
      "quantise",
      (x) => quantise(x, filled([], 0.5), { signed: true }),
      [0.25, 0.75, -1.2, 99],
      [0, 2, -2, 127],
    ],
    ["mean", (x) => mean(x, [0]), [1, 2, 6], [3]],
    ["pad", (x) => pad(x, { axis: 0, before: 1, after: 2 }), [7], [0, 7, 0, 0]],
    // rows [1 2 3] and [4 5 6], transposed
    ["transpose", (x) => transpose(reshape(x, [2, 3]), [1, 0]), [1, 2, 3, 4, 5, 6], [1, 4, 2, 5, 3, 6]],
  ])("%s", (_name, make, from, to) => {
    expect(of(make, from)).toBeCloseToTensor(to, { relative: 1e-14, absolute: 1e-15 });
  });
});
