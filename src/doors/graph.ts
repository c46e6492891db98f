/** Graphs of values: gradients, sizes, and their ONNX form. */

export {
  renderShape,
  type Shape,
  type StoredTensor,
  sizeOf,
  type Tensor,
  type Weight,
  type Weights,
} from "../formats/tensor.ts";
/** How many operations the matrix products of a graph take. */
export { matrixFlops } from "../graph/flops.ts";
/** The gradients of a value, as a graph. */
export { grad } from "../graph/grad.ts";
/** A graph as the bytes of an ONNX file. */
export { type OnnxOptions, toOnnx } from "../graph/onnx.ts";
/** A graph as text, one line per value. */
export { printGraph } from "../graph/print.ts";
/** A value's sizes, typed by its rank. */
export { type Dims, dims } from "../graph/shapes.ts";
/** The leaves of a graph: what is fed, and what is fixed. */
export {
  type ConstantValue,
  constant,
  filled,
  type Graph,
  type InputValue,
  input,
  inputsOf,
  type OpValue,
  scalar,
  type Value,
} from "../graph/value.ts";
