/** A graph whose large matrix products are computed in 8 bits, with scales found from the numbers at hand. */

import {
  add,
  div,
  expand,
  max,
  min,
  mul,
  neg,
  quantise,
  quantisedProduct,
  relu,
  reshape,
  sqrt,
  sub,
  swap,
} from "./ops.ts";
import { rewrite } from "./rewrite.ts";
import { dims } from "./shapes.ts";
import { filled, type Graph, inOrder, type OpValue, scalar, type Value } from "./value.ts";

/** Products with fewer rows, columns or terms gain less than quantising costs. */
export const fewestForInt8 = 128;

export interface QuantiseOptions {
  /** Fewer rows may do where the other side is constant. */
  readonly fewestRows?: number;
}

/** The largest whole number: 127 below and above 0. */
const most = 127;

/** Keeps rows of zeros from dividing by 0; far below what training meets. */
const smallestScale = 1e-18;

/**
 * The same outputs, with each large x·Wᵀ, its g·W and its gᵀ·x as a product of whole numbers times their scales. Everything
 * between products stays float32. So do products of what no product came before, such as pixels, whose errors would run
 * through all that follows, or weights alone. Constants are quantised once, when the graph is compiled.
 *
 * Scales are of rows alone, which ONNX Runtime quantises in one pass: of x and g for each token, of W for each output. Where
 * a product sums over rows, their scales move into its other factor first.
 */
export function quantiseProducts(graph: Graph, { fewestRows = fewestForInt8 }: QuantiseOptions = {}): Graph {
  const isLarge = largeFrom(fewestRows);
  const { after, rights } = largeProducts(graph, isLarge);
  return rewrite(graph, (value, [a, b, bias], now) => {
    const [left, right] = value.inputs;
    const { transA, transB } = value.attributes;
    if (!a || !b || !left || !right || !isLarge(value) || (transA && transB)) return undefined;
    if (!after.has(transA ? right : left)) return undefined;
    if (value.op === "linear") return bias && add(timesTransposed(a, b), bias);
    if (transB) return timesTransposed(a, b);
    const other = rights.get(left);
    return transA ? transposedTimes(a, b, other && now(other)) : times(a, b);
  });
}

/** How many products of a graph are of whole numbers. */
export const countQuantised = ({ outputs }: Graph): number =>
  inOrder(Object.values(outputs)).filter((value) => value.kind === "op" && value.op === "quantisedProduct")
    .length;

const largeFrom =
  (fewestRows: number) =>
  ({ op, inputs: [a], shape: [rows = 0, columns = 0], attributes }: OpValue): boolean => {
    if (!a || (op !== "gemm" && op !== "linear")) return false;
    const [height, width] = dims(a, 2);
    const terms = attributes.transA ? height : width;
    return rows >= fewestRows && Math.min(columns, terms) >= fewestForInt8;
  };

/** What a large product leads to, and b of each a·b by its a. */
function largeProducts(
  graph: Graph,
  isLarge: (value: OpValue) => boolean,
): {
  readonly after: ReadonlySet<Value>;
  readonly rights: ReadonlyMap<Value, Value>;
} {
  const after = new Set<Value>();
  const rights = new Map<Value, Value>();
  for (const value of inOrder(Object.values(graph.outputs))) {
    if (value.kind !== "op") continue;
    if (isLarge(value) || value.inputs.some((x) => after.has(x))) after.add(value);
    const [a, b] = value.inputs;
    const { transA, transB } = value.attributes;
    if (a && b && value.op === "gemm" && isLarge(value) && !transA && !transB) rights.set(a, b);
  }
  return { after, rights };
}

/** a·bᵀ: each row of the result has a scale by `a`, each column one by `b`. */
function timesTransposed(a: Value, b: Value): Value {
  const [rows, columns] = [scaleOf(a), scaleOf(b)];
  const left = quantise(a, rows, { signed: false });
  const right = swap(quantise(b, columns, { signed: true }));
  return mul(quantisedProduct(left, right, columns), asColumn(rows));
}

/** a·b: the scales of b's rows go into `a`. */
function times(a: Value, b: Value): Value {
  const scale = scaleOf(b);
  const [, columns] = dims(b, 2);
  const right = quantise(b, scale, { signed: true });
  const left = mul(a, scale);
  const rows = scaleOf(left);
  const product = quantisedProduct(quantise(left, rows, { signed: false }), right, filled([columns], 1));
  return mul(product, asColumn(rows));
}

/**
 * aᵀ·b sums over rows, so the units of each row in `a` and in `b` must multiply to one `step`: that of the row with the largest
 * terms. What the units of another row lack is shared evenly between both, lest one keep few distinct numbers. Where a·`other`
 * is computed as well, the scales of other's rows are in `a` already.
 */
function transposedTimes(a: Value, b: Value, other: Value | undefined): Value {
  const scale = other && scaleOf(other);
  const left = scale ? mul(a, scale) : a;
  const [ofLeft, ofRight] = [scaleOf(left), scaleOf(b)];
  const units = mul(ofLeft, ofRight); // [rows]
  const step = max(units, [0]); // [1]
  const lack = sqrt(div(step, units)); // [rows]
  const [, columns] = dims(b, 2);
  const product = quantisedProduct(
    swap(quantise(left, mul(ofLeft, lack), { signed: false })),
    quantise(b, mul(ofRight, lack), { signed: true }),
    expand(step, [columns]),
  );
  return scale ? div(product, asColumn(scale)) : product;
}

/** What a unit is worth in each row, so that the largest number there is `most`: [rows]. */
function scaleOf(x: Value): Value {
  const [highest, lowest] = [max(x, [1]), min(x, [1])];
  // the larger of highest and -lowest
  const largest = add(highest, relu(sub(neg(lowest), highest)));
  const [rows] = dims(x, 2);
  return reshape(add(mul(largest, scalar(1 / most)), scalar(smallestScale)), [rows]);
}

/** [rows] → [rows, 1] */
const asColumn = (x: Value): Value => reshape(x, [...x.shape, 1]);
