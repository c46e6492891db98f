/** A graph as an ONNX model: one node per value, equal nodes written once. */

import { GraphError } from "../errors.ts";
import {
  type ElementType,
  elementTypes,
  encodeOnnx,
  type OnnxAttribute,
  type OnnxConstant,
  type OnnxModel,
  type OnnxNode,
  type OnnxPlace,
  type OnnxPort,
} from "../formats/onnx-model.ts";
import { isStored, type Shape, sizeOf } from "../formats/tensor.ts";
import { type OnnxForm, type OnnxNumbers, rowOf } from "./ops.ts";
import {
  type ConstantValue,
  type Graph,
  type InputValue,
  inOrder,
  inputsOf,
  type OpValue,
  type Value,
} from "./value.ts";

export interface OnnxOptions {
  /** Where a stored weight's file is, relative to the folder that the engine resolves external data in. */
  readonly locate?: (path: string) => string;
  /** The size that stands for any number of images: a prime that divides no other size. */
  readonly batch?: number | undefined;
}

/** ONNX ModelProto bytes. Weights that live in files are referred to by place, never copied. */
export const toOnnx = (graph: Graph, options: OnnxOptions = {}): Uint8Array =>
  encodeOnnx(toOnnxModel(graph, options));

/** The same as data, for those who change it before it is written. */
export function toOnnxModel(graph: Graph, { locate = (path) => path, batch }: OnnxOptions = {}): OnnxModel {
  const inputs = inputsOf(graph);
  const twice = Object.keys(graph.outputs).find((name) => inputs.has(name));
  if (twice !== undefined)
    throw new GraphError(`toOnnx: "${twice}" names an input and an output; one needs another name.`);
  const reserved = [...inputs.keys(), ...Object.keys(graph.outputs)];
  const writer = new GraphWriter({ locate, batch, inputs: [...inputs.values()], reserved });
  for (const value of inOrder(Object.values(graph.outputs))) writer.write(value);
  const outputs = Object.entries(graph.outputs);
  for (const [name, value] of outputs)
    writer.node(isInteger(value) ? "Cast" : "Identity", {
      ...{ inputs: [writer.nameOf(value)], outputs: [name] },
      ...(isInteger(value) && { attributes: { to: { int: elementTypes.float32 } } }),
    });
  return {
    nodes: writer.nodes,
    constants: writer.constants,
    inputs: [...inputs].map(([name, { shape }]) => writer.port(name, shape)),
    outputs: outputs.map(([name, { shape }]) => writer.port(name, shape)),
  };
}

/** Outputs are float32, whatever the value that they give is kept in. */
const isInteger = (value: Value): boolean => value.kind === "op" && rowOf(value.op).isInteger === true;

interface WriterOptions extends Required<Pick<OnnxOptions, "locate">>, Pick<OnnxOptions, "batch"> {
  readonly inputs: readonly InputValue[];
  /** The names of inputs and outputs, which no value in between may take. */
  readonly reserved: readonly string[];
}

/** Gathers nodes and constants; names are given here and nowhere earlier. */
class GraphWriter {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxConstant[] = [];
  private readonly names = new Map<Value, string>();
  private readonly known = new Map<string, string>();
  private readonly options: WriterOptions;
  private readonly reserved: ReadonlySet<string>;

  constructor(options: WriterOptions) {
    this.options = options;
    this.reserved = new Set(options.reserved);
  }

  nameOf(value: Value): string {
    const name = this.names.get(value);
    if (name === undefined) throw new Error("internal: a value was used before it was written.");
    return name;
  }

  write(value: Value): void {
    if (value.kind === "input") this.names.set(value, value.name);
    else if (value.kind === "constant") this.names.set(value, this.weight(value));
    else this.names.set(value, this.operation(value));
  }

  node(type: string, { attributes = {}, ...parts }: Omit<NodeParts, "type">): void {
    this.nodes.push({ type, attributes, ...parts });
  }

  port(name: string, shape: Shape): OnnxPort {
    const { batch } = this.options;
    const sides = shape.map((side) =>
      this.isFree(side) ? (side === batch ? "batch" : `${side / Number(batch)}*batch`) : side,
    );
    return { name, type: "float32", sides };
  }

  private operation(value: OpValue): string {
    const row = rowOf(value.op);
    const shapes = value.inputs.map((x) => x.shape);
    const form: OnnxForm =
      typeof row.onnx === "string" ? { type: row.onnx } : row.onnx(value.attributes, shapes);
    const values = value.inputs.map((x) => this.nameOf(x));
    const inputs = form.inputs?.map((one) =>
      typeof one === "number" ? (values[one] ?? "") : this.numbers(one),
    ) ?? [
      ...values,
      ...(form.vectors ?? []).map((data) => this.floats([data.length], data)),
      ...(form.integers ?? []).map((numbers) => this.sizes(numbers, form.type)),
    ];
    const node = this.once(JSON.stringify([form.type, inputs, form.attributes, form.floats]), () => {
      const base = this.free(`${value.op}_${this.nodes.length}`);
      const names = form.output === undefined ? [base] : [0, 1, 2].map((output) => `${base}.${output}`);
      const { domain } = form;
      this.node(form.type, {
        inputs,
        outputs: names,
        attributes: attributesOf(form),
        ...(domain && { domain }),
      });
      return base;
    });
    return form.output === undefined ? node : `${node}.${form.output}`;
  }

  private weight({ weight }: ConstantValue): string {
    if (!isStored(weight)) return this.floats(weight.shape, weight.data);
    const length = sizeOf(weight.shape) * Float32Array.BYTES_PER_ELEMENT;
    return this.once(`stored ${weight.path} ${weight.offset} ${weight.shape}`, () =>
      this.constant(weight.shape, "float32", {
        location: this.options.locate(weight.path),
        offset: weight.offset,
        length,
      }),
    );
  }

  /** Repeated numbers of an op's own, such as a zero point for each row. */
  private numbers({ type, shape, data }: OnnxNumbers): string {
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return this.once(`${type} ${shape}: ${data}`, () => this.constant(shape, type, raw));
  }

  private floats(shape: Shape, data: Float32Array): string {
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const write = () => this.constant(shape, "float32", raw);
    return data.length > 4096 ? write() : this.once(`floats ${shape}: ${data}`, write);
  }

  /** Sizes that depend on the number of images are found when the model runs. */
  private sizes(numbers: readonly number[], user: string): string {
    const free = numbers.filter((size) => this.isFree(size));
    if (free.length === 0) return this.integers(numbers);
    // A reshape works out one size itself.
    if (user === "Reshape" && free.length === 1)
      return this.integers(numbers.map((size) => (this.isFree(size) ? -1 : size)));
    if (user === "Expand" && free.length === 1 && this.isFree(numbers[0])) return this.freeSizes(numbers);
    throw new GraphError(
      `toOnnx: ${user} to [${numbers}] depends on the number of images in a way that cannot be written.`,
    );
  }

  private freeSizes([first, ...rest]: readonly number[]): string {
    const { batch, inputs } = this.options;
    const source = inputs.find(({ shape }) => shape[0] === batch);
    if (source === undefined || first !== batch)
      throw new GraphError("toOnnx: no input tells the number of images.");
    return this.once(`sizes ${rest}`, () => {
      const images = this.once("images", () => {
        const name = this.free("images");
        const attributes = { start: { int: 0 }, end: { int: 1 } };
        this.node("Shape", { inputs: [source.name], outputs: [name], attributes });
        return name;
      });
      const name = this.free(`sizes_${this.nodes.length}`);
      const inputs = [images, this.integers(rest)];
      this.node("Concat", { inputs, outputs: [name], attributes: { axis: { int: 0 } } });
      return name;
    });
  }

  private readonly isFree = (size: number | undefined): boolean =>
    this.options.batch !== undefined && size !== undefined && size > 0 && size % this.options.batch === 0;

  private integers(numbers: readonly number[]): string {
    return this.once(`integers ${numbers}`, () =>
      this.constant([numbers.length], "int64", new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer)),
    );
  }

  private constant(shape: Shape, type: ElementType, data: Uint8Array | OnnxPlace): string {
    if (shape.some((side) => this.isFree(side)))
      throw new GraphError(`toOnnx: a constant of [${shape}] cannot depend on the number of images.`);
    const name = this.free(`constant_${this.constants.length}`);
    this.constants.push({ name, type, shape, data });
    return name;
  }

  /** `name`, or one like it, where an input or output has that name or one of its numbered outputs. */
  private free(name: string): string {
    const taken = [name, ...[0, 1, 2].map((output) => `${name}.${output}`)].some((one) =>
      this.reserved.has(one),
    );
    return taken ? this.free(`${name}_`) : name;
  }

  /** What is equal is written once: x's mean and 1/std come from one node, repeated small constants from one. */
  private once(key: string, write: () => string): string {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const name = write();
    this.known.set(key, name);
    return name;
  }
}

type NodeParts = Omit<OnnxNode, "attributes"> & Partial<Pick<OnnxNode, "attributes">>;

function attributesOf({ attributes = {}, floats = {} }: OnnxForm): Record<string, OnnxAttribute> {
  const integral = Object.entries(attributes).map(([name, value]) => [
    name,
    Array.isArray(value) ? { ints: value as readonly number[] } : { int: Number(value) },
  ]);
  const real = Object.entries(floats).map(([name, value]) => [name, { float: value }]);
  return Object.fromEntries([...integral, ...real]);
}
