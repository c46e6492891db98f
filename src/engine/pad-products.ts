/** A rewrite for the CPU: products whose inner size is a multiple of 1024 get eight more columns of zeros. */

import { gemm, linear, pad } from "../graph/ops.ts";
import { type Graph, inOrder, type OpValue, type Value } from "../graph/value.ts";

/**
 * ONNX Runtime's kernel walks a dozen rows of the left matrix at once. Where rows are a multiple of 4096 bytes apart they
 * all fall on the same few cache lines: [1576, 3072] × [3072, 768] ran at 134 GFLOP/s, and at 192 with 3080 columns
 * (2 cores, AVX-512). Adding zeros costs two copies and changes nothing but the order of sums.
 */
const aliasing = 1024;
const extra = 8;

/** The same outputs, from wider products. */
export function padProducts(graph: Graph): Graph {
  const rewritten = new Map<Value, Value>();
  const widened = new Map<Value, Map<number, Value>>();
  const now = (value: Value): Value => rewritten.get(value) ?? value;
  /** Zeros after the last row or column; made once for a matrix used twice. */
  const widen = (value: Value, axis: number): Value => {
    const known = widened.get(value) ?? new Map<number, Value>();
    widened.set(value, known);
    const wide = known.get(axis) ?? pad(value, { axis, before: 0, after: extra });
    known.set(axis, wide);
    return wide;
  };
  for (const value of inOrder(Object.values(graph.outputs))) {
    if (value.kind !== "op") continue;
    const inputs = value.inputs.map(now);
    const changed = inputs.some((x, index) => x !== value.inputs[index]);
    const wide = isAliasing(value) ? widerProduct(value, inputs, widen) : undefined;
    if (wide ?? changed) rewritten.set(value, wide ?? { ...value, inputs });
  }
  const outputs = Object.entries(graph.outputs).map(([name, value]) => [name, now(value)] as const);
  return { outputs: Object.fromEntries(outputs) };
}

function isAliasing({ op, inputs: [a], attributes }: OpValue): boolean {
  if (!(op === "linear" || (op === "gemm" && !attributes.transA))) return false;
  const [rows = 0, inner = 0] = a?.shape ?? [];
  // A few rows are not worth the copies.
  return inner > 0 && inner % aliasing === 0 && rows >= 128;
}

function widerProduct(
  { op, attributes }: OpValue,
  [a, b, bias]: readonly Value[],
  widen: (value: Value, axis: number) => Value,
): Value | undefined {
  if (!a || !b) return undefined;
  const transB = op === "linear" || attributes.transB === true;
  const [left, right] = [widen(a, 1), widen(b, transB ? 1 : 0)];
  return bias ? linear(left, right, bias) : gemm(left, right, { transB });
}
