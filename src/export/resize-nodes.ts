/** Pillow's resize as ONNX nodes, for images of any size: products with matrices of fixed-point weights. */

import { elementTypes } from "../formats/onnx-model.ts";
import type { Filter } from "../preprocessing/steps.ts";
import type { NodeWriter } from "./node-writer.ts";

/** What `resize.ts` counts in: 22 bits after the point. */
const unit = 2 ** 22;

/**
 * What sums are computed in. They are whole numbers beyond 2²⁴, so only float64 gives Pillow's bytes; in float32 one pixel in
 * thousands differs by one. Runtimes for browsers and for accelerators have float32 alone.
 */
export type Arithmetic = "float32" | "float64";

/** All filters but `nearest`, which adds up positions one after the other. */
export type SmoothFilter = Exclude<Filter, "nearest">;
const supports: Readonly<Record<SmoothFilter, number>> = {
  ...{ box: 0.5, bilinear: 1, hamming: 1, bicubic: 2, lanczos: 3 },
};

/** The size of an image: names of int64 scalars. */
export interface Sides {
  readonly height: string;
  readonly width: string;
}

export interface ResizeNodes {
  readonly from: Sides;
  readonly to: Sides;
  readonly filter: SmoothFilter;
  readonly arithmetic: Arithmetic;
}

/** x [batch, 3, height, width], whole numbers → the same at another size. */
export function resizeNodes(
  write: NodeWriter,
  x: string,
  { from, to, filter, arithmetic }: ResizeNodes,
): string {
  const axis = { filter, arithmetic };
  const columns = weightsNodes(write, { ...axis, from: from.width, to: to.width }); // [to, from]
  const rows = weightsNodes(write, { ...axis, from: from.height, to: to.height });
  const swapped = write.op("Transpose", [columns], { perm: { ints: [1, 0] } });
  const bytes = (sum: string) => toBytes(write, sum, arithmetic);
  const toWidth = (image: string) => bytes(write.op("MatMul", [image, swapped]));
  const toHeight = (image: string) => bytes(write.op("MatMul", [rows, image]));
  // Each pass rounds, so the order shows; the size decides it, which is known only when the model runs.
  return write.op("Where", [heightFirst(write, { from, to }), toWidth(toHeight(x)), toHeight(toWidth(x))]);
}

/** Whether rows come first: where more than twice as many of them go as columns. See `resizesHeightFirst` of resize.ts. */
function heightFirst(write: NodeWriter, { from, to }: Pick<ResizeNodes, "from" | "to">): string {
  const gone = (side: keyof Sides) => write.op("Sub", [from[side], to[side]]);
  const twice = write.op("Mul", [gone("width"), write.int64([2], [])]);
  const isShorter = write.op("Greater", [from.height, to.height]);
  return write.op("And", [isShorter, write.op("Greater", [gone("height"), twice])]);
}

/** ⌊(sum + ½) ⌋ of fixed-point sums, from 0 to 255. */
function toBytes(write: NodeWriter, sum: string, arithmetic: Arithmetic): string {
  const number = (value: number) => write.scalar(arithmetic, value);
  const half = write.op("Add", [sum, number(unit / 2)]);
  const whole = write.op("Floor", [write.op("Mul", [half, number(1 / unit)])]);
  return write.op("Min", [write.op("Max", [whole, number(0)]), number(255)]);
}

interface Axis {
  readonly from: string;
  readonly to: string;
  readonly filter: SmoothFilter;
  readonly arithmetic: Arithmetic;
}

/** The weight of each source pixel (columns) in each new pixel (rows), in whole 2⁻²² parts. See `kernel` of resize.ts. */
function weightsNodes(write: NodeWriter, axis: Axis): string {
  const { arithmetic, filter } = axis;
  const number = (value: number) => write.scalar(arithmetic, value);
  const { distance, isInside } =
    arithmetic === "float64" ? roundedDistances(write, axis) : wholeDistances(write, axis);
  const curve = curveNodes(write, distance, { filter, arithmetic });
  const inside = write.op("Mul", [curve, castTo(write, isInside, arithmetic)]);
  const sum = write.op("ReduceSum", [inside, write.int64([1])], { keepdims: { int: 1 } });
  const weight = write.op("Div", [inside, sum]);
  // Rounded half away from zero.
  const parts = write.op("Mul", [write.op("Abs", [weight]), number(unit)]);
  const size = write.op("Floor", [write.op("Add", [parts, number(0.5)])]);
  return write.op("Mul", [size, write.op("Sign", [weight])]);
}

interface Distances {
  /** Of each source pixel (columns) from the center of each new pixel (rows), in units of the filter. */
  readonly distance: string;
  /** Whether it is within the filter's support. */
  readonly isInside: string;
}

/** In the order of resize.ts, whose rounding decides where an edge of the box filter falls on a pixel. */
function roundedDistances(write: NodeWriter, { from, to, filter, arithmetic }: Axis): Distances {
  const number = (value: number) => write.scalar(arithmetic, value);
  const op = (type: string, ...inputs: string[]) => write.op(type, inputs);
  const [half, one] = [number(0.5), number(1)];
  const [fromSize, toSize] = [castTo(write, from, arithmetic), castTo(write, to, arithmetic)];
  const scale = op("Div", fromSize, toSize);
  const wider = op("Max", scale, one);
  const support = op("Mul", number(supports[filter]), wider);
  const along = (end: string, direction: number) =>
    op("Unsqueeze", op("Range", number(0), end, one), write.int64([direction]));
  const ins = along(fromSize, 0); // [1, from]
  const center = op("Mul", op("Add", along(toSize, 1), half), scale); // [to, 1]
  const first = op("Floor", op("Add", op("Sub", center, support), half));
  const end = op("Floor", op("Add", op("Add", center, support), half));
  const distance = op("Mul", op("Add", op("Sub", ins, center), half), op("Div", one, wider));
  return { distance, isInside: op("And", op("GreaterOrEqual", ins, first), op("Less", ins, end)) };
}

/**
 * With whole numbers until the last division, as float32 has no room for the difference of two positions. With m = max(from, to),
 * i a source pixel and o a new one, whose center is c = (2o + 1)·from / 2to, and the support s:
 * distance = ((2i + 1)·to − (2o + 1)·from) / 2m, and i is within where ⌊c − s·m/to + ½⌋ ≤ i < ⌊c + s·m/to + ½⌋.
 */
function wholeDistances(write: NodeWriter, { from, to, filter, arithmetic }: Axis): Distances {
  const whole = (value: number) => write.int64([value], []);
  const op = (type: string, ...inputs: string[]) => write.op(type, inputs);
  const [one, two] = [whole(1), whole(2)];
  const odd = (end: string, direction: number) =>
    op(
      "Unsqueeze",
      op("Add", op("Mul", op("Range", whole(0), end, one), two), one),
      write.int64([direction]),
    );
  const center = op("Mul", odd(to, 1), from); // [to, 1], in parts of 1 / 2to
  const pixel = op("Mul", odd(from, 0), to); // [1, from]
  const wider = op("Max", from, to);
  const reach = op("Mul", wider, whole(2 * supports[filter]));
  // i ≥ ⌊a⌋ is i + 1 > a, and i < ⌊b⌋ is i + 1 ≤ b.
  const isInside = op(
    "And",
    op("Greater", pixel, op("Sub", center, reach)),
    op("LessOrEqual", pixel, op("Add", center, reach)),
  );
  const apart = castTo(write, op("Sub", pixel, center), arithmetic);
  return { distance: op("Div", apart, castTo(write, op("Mul", wider, two), arithmetic)), isInside };
}

export const castTo = (write: NodeWriter, x: string, type: keyof typeof elementTypes): string =>
  write.op("Cast", [x], { to: { int: elementTypes[type] } });

/** The curves of resample-filter.ts, each operation in the same order. Distances are within the support. */
function curveNodes(
  write: NodeWriter,
  distance: string,
  { filter, arithmetic }: Pick<Axis, "filter" | "arithmetic">,
): string {
  const number = (value: number) => write.scalar(arithmetic, value);
  const [one] = [number(1)];
  const op = (type: string, ...inputs: string[]) => write.op(type, inputs);
  const below = (x: string, limit: number) => castTo(write, op("Less", x, number(limit)), arithmetic);
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
      const above = castTo(write, op("Greater", distance, number(-0.5)), arithmetic);
      return op("Mul", above, castTo(write, op("LessOrEqual", distance, number(0.5)), arithmetic));
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
