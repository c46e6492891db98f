/** Counts the floating-point operations of a graph's matrix products. */

import { sizeOf } from "../formats/tensor.ts";
import { sizeAlong } from "./shapes.ts";
import { type Graph, inOrder } from "./value.ts";

/** Two operations per multiply-add, over every matrix product of one run; everything else is ignored. */
export function matrixFlops(graph: Graph): number {
  let flops = 0;
  for (const value of inOrder(Object.values(graph.outputs))) {
    if (value.kind !== "op" || !["matmul", "gemm", "linear"].includes(value.op)) continue;
    const [a] = value.inputs;
    if (a) flops += 2 * sizeOf(value.shape) * sizeAlong(a.shape, value.attributes.transA ? -2 : -1);
  }
  return flops;
}
