/** A graph whose large matrix products are computed in 8 bits, each scale found from the numbers at hand. */

import { needed } from "../needed.ts";
import { add, div, max, min, mul, neg, quantise, quantisedProduct, relu, reshape, sub, swap } from "./ops.ts";
import { rewrite } from "./rewrite.ts";
import { dims } from "./shapes.ts";
import { filled, type Graph, inOrder, type OpValue, scalar, type Value } from "./value.ts";

/** Products with fewer rows, columns or terms gain less than quantising costs. */
const fewest = 128;

/** The largest whole number: 127 below and above 0. */
const most = 127;

/** Keeps rows of zeros from dividing by 0; far below any number that training meets. */
const smallestScale = 1e-30;

/**
 * The same outputs, with x·Wᵀ, its g·W and its gᵀ·x each as a product of whole numbers times its scales. Everything between
 * products stays float32. Constants among the factors are quantised once, when the graph is compiled.
 *
 * Rows alone are quantised by their own scales, which ONNX Runtime does in one pass: x and g for each token, W for each
 * output. Where a product sums over what scales differ along, they are multiplied into its other factor first.
 */
export function quantiseProducts(graph: Graph): Graph {
  const rights = rightFactors(graph);
  return rewrite(graph, (value, inputs, now) => {
    const [a, b, bias] = inputs;
    if (!a || !b || !isLarge(value)) return undefined;
    if (value.op === "linear" && bias) return add(timesTransposed(a, b), bias);
    const { transA, transB } = value.attributes;
    if (transA && transB) return undefined;
    if (transB) return timesTransposed(a, b);
    if (!transA) return times(a, b);
    const right = rights.get(needed(value.inputs[0], "left factor"));
    return transposedTimes(a, b, right && now(right));
  });
}

function isLarge({ op, inputs: [a], shape, attributes }: OpValue): boolean {
  if (!a || (op !== "gemm" && op !== "linear")) return false;
  const [rows, columns] = dims(a, 2);
  return Math.min(...shape, attributes.transA ? rows : columns) >= fewest;
}

/** The matrix that each left factor of a·b meets there. */
function rightFactors(graph: Graph): ReadonlyMap<Value, Value> {
  const rights = new Map<Value, Value>();
  for (const value of inOrder(Object.values(graph.outputs))) {
    const [a, b] = value.inputs;
    if (value.kind !== "op" || value.op !== "gemm" || !a || !b || !isLarge(value)) continue;
    if (!value.attributes.transA && !value.attributes.transB) rights.set(a, b);
  }
  return rights;
}

/** A matrix in whole numbers, and what a unit of each row is worth. */
interface QuantisedRows {
  readonly numbers: Value;
  /** [rows] */
  readonly scale: Value;
}

/** a·bᵀ: a scale for each row of the result by `a`, for each column by `b`. */
function timesTransposed(a: Value, b: Value): Value {
  const [left, right] = [quantiseRows(a, false), quantiseRows(b, true)];
  return mul(quantisedProduct(left.numbers, swap(right.numbers), right.scale), asColumn(left.scale));
}

/** a·b: the scales of b's rows go into `a`. */
function times(a: Value, b: Value): Value {
  const { left, right } = factorsOf(a, b);
  const [, columns] = dims(b, 2);
  return mul(quantisedProduct(left.numbers, right.numbers, filled([columns], 1)), asColumn(left.scale));
}

/** `a` in the units of b's rows, quantised, and b. */
function factorsOf(a: Value, b: Value): { readonly left: QuantisedRows; readonly right: QuantisedRows } {
  const right = quantiseRows(b, true);
  return { left: quantiseRows(mul(a, right.scale), false), right };
}

/**
 * aᵀ·b: the scales of a's rows go into `b`, which is then quantised for each column. Where a·`other` is computed as well, it
 * is of the same whole numbers.
 */
function transposedTimes(a: Value, b: Value, other: Value | undefined): Value {
  const shared = other && factorsOf(a, other);
  const left = shared?.left ?? quantiseRows(a, false);
  const terms = mul(b, asColumn(left.scale));
  const scale = scaleOf(terms, 0); // [columns]
  const right = quantise(mul(terms, inverse(scale)), scalar(1), { signed: true });
  const product = quantisedProduct(swap(left.numbers), right, scale);
  return shared ? mul(product, asColumn(inverse(shared.right.scale))) : product;
}

function quantiseRows(x: Value, signed: boolean): QuantisedRows {
  const scale = scaleOf(x, 1);
  return { numbers: quantise(x, scale, { signed }), scale };
}

/** What a unit is worth along `axis`, so that the largest number there is `most`: [rows] of axis 1, [columns] of axis 0. */
function scaleOf(x: Value, axis: 0 | 1): Value {
  const [highest, lowest] = [max(x, [axis]), min(x, [axis])];
  // the larger of highest and -lowest
  const largest = add(highest, relu(sub(neg(lowest), highest)));
  const [rows, columns] = dims(x, 2);
  return reshape(add(mul(largest, scalar(1 / most)), scalar(smallestScale)), [axis === 1 ? rows : columns]);
}

const inverse = (x: Value): Value => div(scalar(1), x);

/** [rows] → [rows, 1] */
const asColumn = (x: Value): Value => reshape(x, [...x.shape, 1]);
