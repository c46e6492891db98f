/** Rewrites for the CPU: matrix products in the forms for which ONNX Runtime's kernel is fastest. */

import { add, gemm, pad, swap } from "../graph/ops.ts";
import { rewrite } from "../graph/rewrite.ts";
import { dims } from "../graph/shapes.ts";
import { type Graph, inOrder, type OpValue, type Value } from "../graph/value.ts";
import { needed } from "../needed.ts";

/** Products with fewer rows, columns or terms are not worth a copy. */
const fewest = 128;

/**
 * The kernel walks a dozen rows of the left matrix at once. Where rows are a multiple of 4096 bytes apart they all fall on
 * the same few cache lines: [1576, 3072] × [3072, 768] ran at 170 GFLOP/s, and at 209 with eight more columns of zeros
 * (2 cores, AVX-512).
 */
const aliasing = 1024;
const padding = 8;

/** The same outputs, to the order of sums. Copies made twice of one matrix are one node in ONNX. */
export function rewriteForCpu(graph: Graph): Graph {
  const uses = usesAtRight(graph);
  return rewrite(graph, (value, inputs) => {
    const [a, b, bias] = inputs;
    if (!a || !b) return undefined;
    // The kernel writes a bias into every row on one thread before it begins; adding it after takes a third of that.
    if (value.op === "linear" && bias && isLarge(value)) return add(paddedProduct(a, b, true), bias);
    if (value.op !== "gemm" || !isLarge(value)) return undefined;
    const { transA, transB } = value.attributes;
    if (!transA) return paddedProduct(a, b, transB === true);
    if (transB) return undefined;
    const right = needed(value.inputs[1], "second factor");
    return transposedProduct(a, b, needed(uses.get(right), "count of its uses"));
  });
}

function isLarge({ op, inputs: [a], shape, attributes }: OpValue): boolean {
  if (!a) return false;
  const [rows, columns] = dims(a, 2);
  return Math.min(...shape, op === "gemm" && attributes.transA ? rows : columns) >= fewest;
}

const isTransposed = ({ op, attributes: { transA, transB } }: OpValue): boolean =>
  op === "gemm" && transA === true && transB !== true;

/** How many products of a transposed matrix have a matrix on their right. */
function usesAtRight(graph: Graph): Map<Value, number> {
  const uses = new Map<Value, number>();
  for (const value of inOrder(Object.values(graph.outputs))) {
    const [, b] = value.inputs;
    if (value.kind === "op" && isTransposed(value) && b) uses.set(b, (uses.get(b) ?? 0) + 1);
  }
  return uses;
}

/**
 * aᵀ·b. The kernel would transpose `a` again for every few columns of `b`, a fifth slower; transposed once before, it
 * costs a copy of `a`, or of `b` and of the result, since aᵀ·b = (bᵀ·a)ᵀ. A copy of `b` is shared by all `uses`.
 */
function transposedProduct(a: Value, b: Value, uses: number): Value {
  const [inner, rows] = dims(a, 2);
  const [, columns] = dims(b, 2);
  const byRight = (inner * columns) / uses + rows * columns;
  return byRight < inner * rows ? swap(gemm(swap(b), a)) : gemm(swap(a), b);
}

/** a·b or a·bᵀ, with zeros after the last term where rows of `a` would alias. */
function paddedProduct(a: Value, b: Value, transB: boolean): Value {
  const [, inner] = dims(a, 2);
  if (inner % aliasing !== 0) return gemm(a, b, { transB });
  const withZeros = (x: Value, axis: number) => pad(x, { axis, before: 0, after: padding });
  return gemm(withZeros(a, 1), withZeros(b, transB ? 1 : 0), { transB });
}
