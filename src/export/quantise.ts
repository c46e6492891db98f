/** A model in 8 bits: the matrices of its blocks, and what they are multiplied with, which is scaled when the model runs. */

import type { OnnxModel, OnnxNode } from "../formats/onnx-model.ts";
import { withoutUnread } from "../graph/fuse-norms.ts";
import { sizeAlong } from "../graph/shapes.ts";
import { numbersOf } from "./halve.ts";
import { NodeWriter } from "./node-writer.ts";
import { castTo } from "./resize-nodes.ts";

/** Weights are whole numbers from -127 to 127, each output with a scale of its own. */
const most = 127;
/**
 * They are stored as uint8, with this for 0. As int8, x86 processors without VNNI would add pairs of products in 16 bits, which
 * overflow: the same file would answer differently there from where it was proven.
 */
export const zeroPoint = 128;

/** Smaller matrices, such as a head's, stay as they are: they are no part of the time, and the last to lose precision. */
const fewestNumbers = 2 ** 14;

/** A product with a constant matrix that can be quantised. */
export interface Product {
  readonly node: OnnxNode;
  /** The left side. */
  readonly x: string;
  /** W [out, in] */
  readonly numbers: Float32Array;
  readonly out: number;
  readonly inner: number;
}

/** What it is made of then. */
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

export interface QuantiseOptions {
  /** Writes one product and gives the name of its result. */
  readonly product?: (write: NodeWriter, matrix: QuantisedMatrix) => string;
  /** By the name of a left side: what the columns of its matrices are multiplied by before, [in]. */
  readonly columns?: ReadonlyMap<string, Float32Array>;
}

/** The same model with quantised products. */
export function quantise(
  model: OnnxModel,
  { product = rowwiseProduct(), columns }: QuantiseOptions = {},
): OnnxModel {
  const write = new NodeWriter("int8.");
  const products = new Map(quantisedProducts(model).map((one) => [one.node, one]));
  for (const node of model.nodes) {
    const found = products.get(node);
    if (!found) {
      write.nodes.push(node);
      continue;
    }
    const { x, out, inner } = found;
    const matrix = quantiseMatrix(found, columns?.get(x));
    const result = product(write, {
      ...{ node, x, bias: node.inputs[2] },
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

/** Those of the blocks. The patches' matrix stays as it is: a tenth of the time of a block, and its error would run through all of them. */
export function quantisedProducts({ nodes, constants }: OnnxModel): readonly Product[] {
  const known = new Map(constants.map((one) => [one.name, one]));
  return nodes
    .filter(isProduct)
    .slice(1)
    .flatMap((node): Product[] => {
      const [x = "", name = ""] = node.inputs;
      const weight = known.get(name);
      if (weight?.type !== "float32" || !(weight.data instanceof Uint8Array)) return [];
      const [out, inner] = [sizeAlong(weight.shape, 0), sizeAlong(weight.shape, 1)];
      return out * inner < fewestNumbers ? [] : [{ node, x, numbers: numbersOf(weight.data), out, inner }];
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
  { numbers, out, inner }: Pick<Product, "numbers" | "out" | "inner">,
  columns: Float32Array | undefined,
): { readonly data: Uint8Array; readonly scales: Float32Array; readonly sums: Float32Array } {
  const scales = new Float32Array(out);
  const sums = new Float32Array(out);
  const data = new Uint8Array(numbers.length);
  const at = (row: number, column: number) =>
    (numbers[row * inner + column] as number) * (columns?.[column] ?? 1);
  for (let row = 0; row < out; row++) {
    let largest = 0;
    for (let column = 0; column < inner; column++) largest = Math.max(largest, Math.abs(at(row, column)));
    const scale = Math.fround(largest / most) || 1;
    scales[row] = scale;
    let sum = 0;
    for (let column = 0; column < inner; column++) {
      const whole = Math.round(at(row, column) / scale);
      data[column * out + row] = whole + zeroPoint;
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
