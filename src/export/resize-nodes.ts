/** Pillow's resize as ONNX nodes, to the byte: products with matrices of fixed-point weights, in float64, for images of any size. */

import { elementTypes } from "../formats/onnx-model.ts";
import type { Filter } from "../preprocessing/steps.ts";
import type { NodeWriter } from "./node-writer.ts";

/** What `resize.ts` counts in: 22 bits after the point. */
const unit = 2 ** 22;

/** All filters but `nearest`, which adds up positions one after the other. */
export type SmoothFilter = Exclude<Filter, "nearest">;
const supports: Readonly<Record<SmoothFilter, number>> = {
  ...{ box: 0.5, bilinear: 1, hamming: 1, bicubic: 2, lanczos: 3 },
};

/** The size of an axis: names of float64 scalars. */
export interface Sides {
  readonly height: string;
  readonly width: string;
}

export interface ResizeNodes {
  readonly from: Sides;
  readonly to: Sides;
  readonly filter: SmoothFilter;
}

/** x [batch, 3, height, width], whole numbers as float64 → the same at another size. */
export function resizeNodes(write: NodeWriter, x: string, { from, to, filter }: ResizeNodes): string {
  const columns = weightsNodes(write, { from: from.width, to: to.width, filter }); // [to, from]
  const rows = weightsNodes(write, { from: from.height, to: to.height, filter });
  const swapped = write.op("Transpose", [columns], { perm: { ints: [1, 0] } });
  const toWidth = (image: string) => toBytes(write, write.op("MatMul", [image, swapped]));
  const toHeight = (image: string) => toBytes(write, write.op("MatMul", [rows, image]));
  // Each pass rounds, so the order shows; the size decides it, which is known only when the model runs.
  return write.op("Where", [heightFirst(write, { from, to }), toWidth(toHeight(x)), toHeight(toWidth(x))]);
}

/** Whether rows come first: where more than twice as many of them go as columns. See `resizesHeightFirst` of resize.ts. */
function heightFirst(write: NodeWriter, { from, to }: Pick<ResizeNodes, "from" | "to">): string {
  const gone = (side: keyof Sides) => write.op("Sub", [from[side], to[side]]);
  const twice = write.op("Mul", [gone("width"), write.float64([2], [])]);
  const isShorter = write.op("Greater", [from.height, to.height]);
  return write.op("And", [isShorter, write.op("Greater", [gone("height"), twice])]);
}

/** ⌊(sum + ½) ⌋ of fixed-point sums, from 0 to 255. */
function toBytes(write: NodeWriter, sum: string): string {
  const half = write.op("Add", [sum, write.float64([unit / 2], [])]);
  const whole = write.op("Floor", [write.op("Mul", [half, write.float64([1 / unit], [])])]);
  return write.op("Min", [write.op("Max", [whole, write.float64([0], [])]), write.float64([255], [])]);
}

interface Axis {
  readonly from: string;
  readonly to: string;
  readonly filter: SmoothFilter;
}

/** The weight of each source pixel (columns) in each new pixel (rows), in whole 2⁻²² parts. See `kernel` of resize.ts. */
function weightsNodes(write: NodeWriter, { from, to, filter }: Axis): string {
  const number = (value: number) => write.float64([value], []);
  const [zero, half, one] = [number(0), number(0.5), number(1)];
  const scale = write.op("Div", [from, to]);
  const wider = write.op("Max", [scale, one]);
  const support = write.op("Mul", [number(supports[filter]), wider]);
  const range = (end: string) => write.op("Range", [zero, end, one]);
  const outs = write.op("Unsqueeze", [range(to), write.int64([1])]); // [to, 1]
  const ins = write.op("Unsqueeze", [range(from), write.int64([0])]); // [1, from]
  const center = write.op("Mul", [write.op("Add", [outs, half]), scale]);
  const first = write.op("Floor", [write.op("Add", [write.op("Sub", [center, support]), half])]);
  const end = write.op("Floor", [write.op("Add", [write.op("Add", [center, support]), half])]);
  const isInside = write.op("And", [write.op("GreaterOrEqual", [ins, first]), write.op("Less", [ins, end])]);
  const distance = write.op("Mul", [
    write.op("Add", [write.op("Sub", [ins, center]), half]),
    write.op("Div", [one, wider]),
  ]);
  const curve = write.op("Mul", [curveNodes(write, distance, filter), castTo(write, isInside, "float64")]);
  const sum = write.op("ReduceSum", [curve, write.int64([1])], { keepdims: { int: 1 } });
  const weight = write.op("Div", [curve, sum]);
  // Rounded half away from zero.
  const size = write.op("Floor", [
    write.op("Add", [write.op("Mul", [write.op("Abs", [weight]), number(unit)]), half]),
  ]);
  return write.op("Mul", [size, write.op("Sign", [weight])]);
}

export const castTo = (write: NodeWriter, x: string, type: keyof typeof elementTypes): string =>
  write.op("Cast", [x], { to: { int: elementTypes[type] } });

/** The curves of resample-filter.ts, each operation in the same order. Distances are within the support. */
function curveNodes(write: NodeWriter, distance: string, filter: SmoothFilter): string {
  const number = (value: number) => write.float64([value], []);
  const [one] = [number(1)];
  const op = (type: string, ...inputs: string[]) => write.op(type, inputs);
  const below = (x: string, limit: number) => castTo(write, op("Less", x, number(limit)), "float64");
  const x = op("Abs", distance);
  /** sin πx / πx; 1 at 0. */
  const sinc = (at: string) => {
    const angle = op("Mul", at, number(Math.PI));
    const isZero = op("Equal", angle, number(0));
    const safe = op("Where", isZero, one, angle);
    return op("Where", isZero, one, op("Div", op("Sin", safe), safe));
  };
  switch (filter) {
    case "box": {
      const above = castTo(write, op("Greater", distance, number(-0.5)), "float64");
      return op("Mul", above, castTo(write, op("LessOrEqual", distance, number(0.5)), "float64"));
    }
    case "bilinear":
      return op("Max", number(0), op("Sub", one, x));
    case "hamming": {
      const raised = op(
        "Add",
        number(Math.fround(0.54)),
        op("Mul", number(Math.fround(0.46)), op("Cos", op("Mul", x, number(Math.PI)))),
      );
      return op("Mul", op("Mul", sinc(x), raised), below(x, 1));
    }
    case "bicubic": {
      // |x| < 1: ((a + 2)·x - (a + 3))·x·x + 1;  |x| < 2: (((x - 5)·x + 8)·x - 4)·a;  a = -½
      const near = op("Sub", op("Mul", number(1.5), x), number(2.5));
      const inner = op("Add", op("Mul", op("Mul", near, x), x), one);
      const far = op("Add", op("Mul", op("Sub", x, number(5)), x), number(8));
      const outer = op("Mul", op("Sub", op("Mul", far, x), number(4)), number(-0.5));
      return op("Where", op("Less", x, one), inner, op("Mul", outer, below(x, 2)));
    }
    case "lanczos":
      return op("Mul", op("Mul", sinc(distance), sinc(op("Div", distance, number(3)))), below(x, 3));
  }
}
