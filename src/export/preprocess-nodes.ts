/** Puts preprocessing in front of a model: whoever runs it gets the same pixels as `predict`, whatever their own resize does. */

import { InputError } from "../errors.ts";
import type { OnnxModel } from "../formats/onnx-model.ts";
import { describeSteps } from "../preprocessing/describe-steps.ts";
import { evaluationSteps } from "../preprocessing/step-list.ts";
import type { Size, Step } from "../preprocessing/steps.ts";
import { inputName } from "./classifier-model.ts";
import { NodeWriter } from "./node-writer.ts";
import { type Arithmetic, castTo, resizeNodes, type Sides, type SmoothFilter } from "./resize-nodes.ts";

/** What a model with preprocessing inside takes. */
export const rawPixels = "whole images as float32 from 0 to 255, [batch, 3, height, width], RGB, of one size";

export interface PreprocessingOptions {
  readonly arithmetic: Arithmetic;
}

/** The same model on whole images: pixel_values [batch, 3, height, width] from 0 to 255, of any size. */
export function withPreprocessing(
  model: OnnxModel,
  steps: readonly Step[],
  { arithmetic }: PreprocessingOptions,
): OnnxModel {
  const write = new NodeWriter("prepare.");
  const x = arithmetic === "float32" ? inputName : castTo(write, inputName, arithmetic);
  let image: Prepared = { x, sides: sidesOf(write, inputName), arithmetic };
  for (const step of evaluationSteps(steps)) image = stepNodes(write, image, step);
  const prepared = image.x;
  const nodes = model.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => (name === inputName ? prepared : name)),
  }));
  const sides = ["batch", 3, "height", "width"];
  return {
    ...model,
    nodes: [...write.nodes, ...nodes],
    constants: [...write.constants, ...model.constants],
    inputs: [{ name: inputName, type: "float32", sides }],
  };
}

interface Prepared {
  /** [batch, 3, height, width] */
  readonly x: string;
  readonly sides: Sides;
  readonly arithmetic: Arithmetic;
}

function stepNodes(write: NodeWriter, image: Prepared, step: Step): Prepared {
  const [name, options] = step;
  if (name === "resize" || name === "resizeShort") {
    if (options.filter === "nearest")
      throw new InputError(
        (show) =>
          `Preprocessing cannot be inside the graph: ${describeSteps([step])}, and ONNX has no nearest filter of that kind. Leave ${show("preprocessInside")} out.`,
      );
    const filter: SmoothFilter = options.filter;
    if (filter === "box" && image.arithmetic === "float32")
      throw new InputError(
        (show) =>
          `Preprocessing cannot be inside the graph: ${describeSteps([step])}, and in float32, which this target needs, its edges would take other pixels. Use ${show("preprocessInside", false)}.`,
      );
    const to = name === "resize" ? fixedSides(write, options.size) : shortSides(write, image, options.size);
    const x = resizeNodes(write, image.x, { from: image.sides, to, filter, arithmetic: image.arithmetic });
    return { ...image, x, sides: to };
  }
  if (name === "centerCrop") return cropNodes(write, image, options.size);
  if (name === "normalize") {
    // As normalise.ts: float32 after each operation.
    const bytes = image.arithmetic === "float32" ? image.x : castTo(write, image.x, "float32");
    const share = write.op("Div", [bytes, write.float32([255], [])]);
    const centered = write.op("Sub", [share, write.float32(options.mean, [1, 3, 1, 1])]);
    return { ...image, x: write.op("Div", [centered, write.float32(options.std, [1, 3, 1, 1])]) };
  }
  throw new Error(`internal: evaluation does not know ${name}`);
}

const fixedSides = (write: NodeWriter, [height, width]: Size): Sides => ({
  height: write.int64([height], []),
  width: write.int64([width], []),
});

function sidesOf(write: NodeWriter, x: string): Sides {
  const [height, width] = [2, 3].map((axis) => {
    const side = write.op("Shape", [x], { start: { int: axis }, end: { int: axis + 1 } });
    return write.op("Squeeze", [side]);
  }) as [string, string];
  return { height, width };
}

/** The shorter side to `size`; the longer one is cut to whole pixels, as torchvision does. */
function shortSides(write: NodeWriter, { sides }: Prepared, size: number): Sides {
  const short = write.op("Min", [sides.height, sides.width]);
  const scaled = (side: string) => write.op("Div", [write.op("Mul", [side, write.int64([size], [])]), short]);
  return { height: scaled(sides.height), width: scaled(sides.width) };
}

/** The middle of the image; black is put around one that is smaller. */
function cropNodes(write: NodeWriter, image: Prepared, size: Size): Prepared {
  const int = (value: number) => write.int64([value]);
  const op = (type: string, ...inputs: string[]) => write.op(type, inputs);
  const zero = int(0);
  const axes = [image.sides.height, image.sides.width].map((side, axis) => {
    const given = op("Unsqueeze", side, zero);
    const wanted = int(size[axis] as number);
    const missing = op("Max", op("Sub", wanted, given), zero);
    const before = op("Div", missing, int(2));
    const extra = op("Max", op("Sub", given, wanted), zero);
    // Halves go to the even neighbour: ⌊e / 2⌋, and 1 more where both it and e are odd.
    const floor = op("Div", extra, int(2));
    const start = op("Add", floor, op("Mul", op("Mod", floor, int(2)), op("Mod", extra, int(2))));
    return { before, after: op("Sub", missing, before), start, end: op("Add", start, wanted) };
  });
  const [down, across] = axes;
  if (!down || !across) throw new Error("internal: an image has two sides");
  const joined = (...parts: string[]) => write.op("Concat", parts, { axis: { int: 0 } });
  const around = joined(zero, zero, down.before, across.before, zero, zero, down.after, across.after);
  const padded = op("Pad", image.x, around);
  const cut = op(
    "Slice",
    padded,
    joined(down.start, across.start),
    joined(down.end, across.end),
    write.int64([2, 3]),
  );
  return { ...image, x: cut, sides: fixedSides(write, size) };
}
