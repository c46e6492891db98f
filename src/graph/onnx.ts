/** A graph as ONNX bytes: field numbers of onnx.proto3, one node per value, equal nodes written once. */

import { GraphError } from "../errors.ts";
import { bytes, encode, type Field, float, int, message, string } from "../formats/protobuf.ts";
import { isStored, type Shape, sizeOf } from "../formats/tensor.ts";
import { type OnnxForm, rowOf } from "./ops.ts";
import { type ConstantValue, type Graph, inOrder, inputsOf, type OpValue, type Value } from "./value.ts";

/** Opset 20 is the first with Gelu; version 9 of the format goes with it. */
const opsetVersion = 20;
const irVersion = 9;
const type = { float: 1, int64: 7 };
const attributeType = { float: 1, int: 2, ints: 7 };

export interface OnnxOptions {
  /** Where a stored weight's file is, relative to the folder that the engine resolves external data in. */
  readonly locate?: (path: string) => string;
}

/** ONNX ModelProto bytes. Weights that live in files are referred to by place, never copied. */
export function toOnnx(graph: Graph, { locate = (path) => path }: OnnxOptions = {}): Uint8Array {
  const inputs = inputsOf(graph);
  const twice = Object.keys(graph.outputs).find((name) => inputs.has(name));
  if (twice !== undefined)
    throw new GraphError(`toOnnx: "${twice}" names an input and an output; one needs another name.`);
  const writer = new GraphWriter({ locate, reserved: [...inputs.keys(), ...Object.keys(graph.outputs)] });
  for (const value of inOrder(Object.values(graph.outputs))) writer.write(value);
  const outputs = Object.entries(graph.outputs);
  for (const [name, value] of outputs)
    writer.node("Identity", { inputs: [writer.nameOf(value)], outputs: [name] });
  return encode([
    int(1, irVersion),
    string(2, "rlrr"),
    message(7, [
      ...writer.nodes,
      string(2, "rlrr"),
      ...writer.initializers,
      ...[...inputs].map(([name, value]) => valueInfo(11, name, value.shape)),
      ...outputs.map(([name, value]) => valueInfo(12, name, value.shape)),
    ]),
    message(8, [string(1, ""), int(2, opsetVersion)]),
  ]);
}

/** Gathers nodes and initializers; names are given here and nowhere earlier. */
class GraphWriter {
  readonly nodes: Field[] = [];
  readonly initializers: Field[] = [];
  private readonly names = new Map<Value, string>();
  private readonly known = new Map<string, string>();
  private readonly locate: (path: string) => string;
  private readonly reserved: ReadonlySet<string>;

  /** `reserved` are the names of inputs and outputs, which no value in between may take. */
  constructor({ locate, reserved }: Required<OnnxOptions> & { readonly reserved: readonly string[] }) {
    this.locate = locate;
    this.reserved = new Set(reserved);
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

  node(op: string, { inputs, outputs, attributes = [] }: NodeParts): void {
    this.nodes.push(
      message(1, [
        ...inputs.map((name) => string(1, name)),
        ...outputs.map((name) => string(2, name)),
        string(3, `${op}:${outputs.find(Boolean)}`),
        string(4, op),
        ...attributes,
      ]),
    );
  }

  private operation(value: OpValue): string {
    const row = rowOf(value.op);
    const shapes = value.inputs.map((x) => x.shape);
    const form: OnnxForm =
      typeof row.onnx === "string" ? { type: row.onnx } : row.onnx(value.attributes, shapes);
    const inputs = [
      ...value.inputs.map((x) => this.nameOf(x)),
      ...(form.vectors ?? []).map((data) => this.floats([data.length], data)),
      ...(form.integers ?? []).map((numbers) => this.integers(numbers)),
    ];
    const node = this.once(JSON.stringify([form.type, inputs, form.attributes, form.floats]), () => {
      const base = this.free(`${value.op}_${this.nodes.length}`);
      const names = form.output === undefined ? [base] : [0, 1, 2].map((output) => `${base}.${output}`);
      this.node(form.type, { inputs, outputs: names, attributes: attributesOf(form) });
      return base;
    });
    return form.output === undefined ? node : `${node}.${form.output}`;
  }

  private weight({ weight }: ConstantValue): string {
    if (!isStored(weight)) return this.floats(weight.shape, weight.data);
    const length = sizeOf(weight.shape) * Float32Array.BYTES_PER_ELEMENT;
    return this.once(`stored ${weight.path} ${weight.offset} ${weight.shape}`, () => {
      const place = { location: this.locate(weight.path), offset: `${weight.offset}`, length: `${length}` };
      const entries = Object.entries(place).map(([key, value]) =>
        message(13, [string(1, key), string(2, value)]),
      );
      return this.initializer(weight.shape, type.float, [...entries, int(14, 1)]);
    });
  }

  private floats(shape: Shape, data: Float32Array): string {
    const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const write = () => this.initializer(shape, type.float, [bytes(9, raw)]);
    return data.length > 4096 ? write() : this.once(`floats ${shape}: ${data}`, write);
  }

  private integers(numbers: readonly number[]): string {
    return this.once(`integers ${numbers}`, () => {
      const raw = new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer);
      return this.initializer([numbers.length], type.int64, [bytes(9, raw)]);
    });
  }

  private initializer(shape: Shape, dataType: number, content: readonly Field[]): string {
    const name = this.free(`constant_${this.initializers.length}`);
    this.initializers.push(
      message(5, [...shape.map((size) => int(1, size)), int(2, dataType), string(8, name), ...content]),
    );
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

interface NodeParts {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: readonly Field[];
}

function attributesOf({ attributes = {}, floats = {} }: OnnxForm): Field[] {
  const integral = Object.entries(attributes).map(([name, value]) =>
    Array.isArray(value)
      ? message(5, [string(1, name), ...value.map((number) => int(8, number)), int(20, attributeType.ints)])
      : message(5, [string(1, name), int(3, Number(value)), int(20, attributeType.int)]),
  );
  const real = Object.entries(floats).map(([name, value]) =>
    message(5, [string(1, name), float(2, value), int(20, attributeType.float)]),
  );
  return [...integral, ...real];
}

const valueInfo = (field: number, name: string, shape: Shape): Field => {
  const dims = message(
    2,
    shape.map((size) => message(1, [int(1, size)])),
  );
  return message(field, [string(1, name), message(2, [message(1, [int(1, type.float), dims])])]);
};
