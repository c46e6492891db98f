/** Counts the floating-point operations of a graph's matrix products and convolutions. */

import { sizeOf } from "../formats/tensor.ts";
import { sizeAlong } from "./shapes.ts";
import { type Graph, inOrder, type Value } from "./value.ts";

/** Two operations per multiply-add, over every matrix product and convolution of one run; everything else is ignored. */
export const matrixFlops = (graph: Graph): number =>
  inOrder(Object.values(graph.outputs)).reduce((flops, value) => flops + productFlops(value), 0);

/** The same of one value: 0 where it is neither. */
export function productFlops(value: Value): number {
  if (value.kind === "op" && value.op === "depthwise") {
    const kernel = value.inputs[1]?.shape ?? [];
    return 2 * sizeOf(value.shape) * sizeAlong(kernel, -1) * sizeAlong(kernel, -2);
  }
  if (value.kind !== "op" || !["matmul", "gemm", "linear", "quantisedProduct"].includes(value.op)) return 0;
  const [a] = value.inputs;
  return a ? 2 * sizeOf(value.shape) * sizeAlong(a.shape, value.attributes.transA ? -2 : -1) : 0;
}
