/** A model in 8 bits: the matrices of its blocks, and what they are multiplied with, which is scaled when the model runs. */

import type { OnnxModel, OnnxNode } from "../formats/onnx-model.ts";
import { sizeAlong } from "../graph/shapes.ts";
import { withoutUnread } from "./fuse-norms.ts";
import { numbersOf } from "./halve.ts";
import { NodeWriter } from "./node-writer.ts";
import { castTo } from "./resize-nodes.ts";

/** Weights are whole numbers from -127 to 127, each output with a scale of its own. */
const most = 127;
/**
 * They are stored as uint8, with this for 0. As int8, x86 processors without VNNI would add pairs of products in 16 bits, which
 * overflow: the same file would answer differently there from where it was proven.
 */
const zeroPoint = 128;

/** Smaller matrices, such as a head's, stay as they are: they are no part of the time, and the last to lose precision. */
const fewestNumbers = 2 ** 14;

/** What a product with a constant matrix is made of. */
export interface QuantisedMatrix {
  readonly node: OnnxNode;
  /** The left side. */
  readonly x: string;
  /** uint8 [in, out] */
  readonly weight: string;
  /** float32 [out] */
  readonly scale: string;
  /** float32 [out]: the sum of each output's weights, as they are quantised. */
  readonly sums: string;
  readonly bias: string | undefined;
}

/** The same model with quantised products; `product` writes one of them and gives its name. */
export function quantise(
  model: OnnxModel,
  product: (write: NodeWriter, matrix: QuantisedMatrix) => string = rowwiseProduct(),
): OnnxModel {
  const write = new NodeWriter("int8.");
  const constants = new Map(model.constants.map((one) => [one.name, one]));
  // The patches' matrix stays as it is: a tenth of the time of a block, and its error would run through all of them.
  const first = model.nodes.find(isProduct);
  for (const node of model.nodes) {
    const [x = "", name = "", bias] = node.inputs;
    const weight = isProduct(node) && node !== first ? constants.get(name) : undefined;
    if (weight?.type !== "float32" || !(weight.data instanceof Uint8Array)) {
      write.nodes.push(node);
      continue;
    }
    const matrix = quantiseMatrix(numbersOf(weight.data), weight.shape);
    if (!matrix) {
      write.nodes.push(node);
      continue;
    }
    const [out, inner] = [sizeAlong(weight.shape, 0), sizeAlong(weight.shape, 1)];
    const result = product(write, {
      ...{ node, x, bias },
      weight: write.constant({ type: "uint8", shape: [inner, out], data: matrix.data }),
      scale: write.float32(matrix.scales, [out]),
      sums: write.float32(matrix.sums, [out]),
    });
    write.name(result, node.outputs[0] ?? "");
  }
  return withoutUnread({
    ...model,
    nodes: write.nodes,
    constants: [...model.constants, ...write.constants],
  });
}

/** x·Wᵀ + b, as `linear` of ops.ts is written. */
export const isProduct = ({ type, attributes }: OnnxNode): boolean =>
  type === "Gemm" &&
  attributes.transB !== undefined &&
  "int" in attributes.transB &&
  attributes.transB.int === 1;

/** [out, in] → uint8 [in, out], and for each output what a unit is worth. */
function quantiseMatrix(
  numbers: Float32Array,
  [out = 0, inner = 0]: readonly number[],
): { readonly data: Uint8Array; readonly scales: Float32Array; readonly sums: Float32Array } | undefined {
  if (numbers.length < fewestNumbers) return undefined;
  const scales = new Float32Array(out);
  const sums = new Float32Array(out);
  const data = new Uint8Array(numbers.length);
  for (let row = 0; row < out; row++) {
    let largest = 0;
    for (let at = row * inner; at < (row + 1) * inner; at++)
      largest = Math.max(largest, Math.abs(numbers[at] as number));
    const scale = Math.fround(largest / most) || 1;
    scales[row] = scale;
    let sum = 0;
    for (let at = 0; at < inner; at++) {
      const whole = Math.round((numbers[row * inner + at] as number) / scale);
      data[at * out + row] = whole + zeroPoint;
      sum += whole;
    }
    sums[row] = sum * scale;
  }
  return { data, scales, sums };
}

/**
 * Each row of `x` has a range of its own, found when it is known: rows differ, and what an image gives does not depend on which
 * others it is run with. With m the smallest number of a row and q from 0 to 255:  x = s·q + m,  so
 * x·Wᵀ = s·(q·Wᵀ) + m·ΣW.
 */
function rowwiseProduct(): (write: NodeWriter, matrix: QuantisedMatrix) => string {
  const known = new Map<string, { readonly bytes: string; readonly unit: string; readonly low: string }>();
  const quantised = (write: NodeWriter, x: string) => {
    const last = { attributes: { keepdims: { int: 1 } } };
    const axis = write.int64([-1]);
    const low = write.op("ReduceMin", [x, axis], last.attributes);
    const high = write.op("ReduceMax", [x, axis], last.attributes);
    const range = write.op("Max", [write.op("Sub", [high, low]), write.float32([1e-12], [])]);
    const unit = write.op("Mul", [range, write.float32([1 / 255], [])]);
    const steps = write.op("Div", [write.op("Sub", [x, low]), unit]);
    const bytes = castTo(write, write.op("Round", [steps]), "uint8");
    return { bytes, unit, low };
  };
  return (write, { x, weight, scale, sums, bias }) => {
    const { bytes, unit, low } = known.get(x) ?? quantised(write, x);
    known.set(x, { bytes, unit, low });
    const whole = castTo(
      write,
      write.op("MatMulInteger", [bytes, weight, write.uint8(0), write.uint8(zeroPoint)]),
      "float32",
    );
    const product = write.op("Mul", [write.op("Mul", [whole, unit]), scale]);
    const shifted = write.op("Add", [product, write.op("Mul", [low, sums])]);
    return bias === undefined ? shifted : write.op("Add", [shifted, bias]);
  };
}
