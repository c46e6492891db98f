/** How much multiplying and adding a graph asks for, in its matrix products. */

import { sizeOf } from "../formats/tensor.ts";
import { type Graph, inOrder } from "./value.ts";

/** Two operations a multiply-add, over every matrix product of one run; all else is left out. */
export function matrixFlops(graph: Graph): number {
  let flops = 0;
  for (const value of inOrder(Object.values(graph.outputs))) {
    if (value.kind !== "op" || !["matmul", "gemm", "linear"].includes(value.op)) continue;
    const [a] = value.inputs;
    const inner = a?.shape[value.op === "gemm" && value.attributes.transA ? 0 : a.shape.length - 1] ?? 0;
    flops += 2 * sizeOf(value.shape) * inner;
  }
  return flops;
}
