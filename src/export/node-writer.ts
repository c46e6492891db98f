/** Writes nodes and constants one by one, under names that begin alike and so meet no others. */

import type { ElementType, OnnxAttribute, OnnxConstant, OnnxNode } from "../formats/onnx-model.ts";
import type { Shape } from "../formats/tensor.ts";

export class NodeWriter {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxConstant[] = [];
  readonly #prefix: string;
  readonly #known = new Map<string, string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  /** A node with one output, whose name it gives. */
  op(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    const [name = ""] = this.ops(type, inputs, { attributes, outputs: 1 });
    return name;
  }

  /** A node with several outputs. */
  ops(
    type: string,
    inputs: readonly string[],
    { attributes = {}, outputs: count }: { attributes?: OnnxNode["attributes"]; outputs: number },
  ): string[] {
    const base = `${this.#prefix}${type}_${this.nodes.length}`;
    const outputs = Array.from({ length: count }, (_, index) => (index === 0 ? base : `${base}.${index}`));
    this.nodes.push({ type, inputs, outputs, attributes });
    return outputs;
  }

  /** Writes a node that gives an output its name. */
  name(from: string, to: string): void {
    this.nodes.push({ type: "Identity", inputs: [from], outputs: [to], attributes: {} });
  }

  scalar(type: "float32" | "float64", number: number): string {
    return this.#once(type, [], type === "float32" ? Float32Array.of(number) : Float64Array.of(number));
  }

  float32(numbers: ArrayLike<number>, shape: Shape = [numbers.length]): string {
    return this.#once("float32", shape, Float32Array.from(numbers));
  }

  int64(numbers: readonly number[], shape: Shape = [numbers.length]): string {
    return this.#once("int64", shape, BigInt64Array.from(numbers, BigInt));
  }

  /** A scalar. */
  uint8(number: number): string {
    return this.#once("uint8", [], Uint8Array.of(number));
  }

  constant(one: Omit<OnnxConstant, "name">): string {
    const name = `${this.#prefix}constant_${this.constants.length}`;
    this.constants.push({ ...one, name });
    return name;
  }

  #once(type: ElementType, shape: Shape, data: ArrayBufferView): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (bytes.length > 4096) return this.constant({ type, shape, data: bytes });
    const key = `${type} ${shape}: ${bytes}`;
    const name = this.#known.get(key) ?? this.constant({ type, shape, data: bytes });
    this.#known.set(key, name);
    return name;
  }
}
