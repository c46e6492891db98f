/** An ONNX model as data, and as bytes: the field numbers are those of onnx.proto3. */

import { bytes, encode, type Field, float, int, message, string } from "./protobuf.ts";
import type { Shape } from "./tensor.ts";

/** Types of elements by their numbers in the format. */
export const elementTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  float16: 10,
  float64: 11,
} as const;
export type ElementType = keyof typeof elementTypes;

/** A whole number, one with a point, a list, or text. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly string: string };

export interface OnnxNode {
  readonly type: string;
  /** Whose operator it is, where it is not one of ONNX's own. */
  readonly domain?: string;
  /** Empty where an optional input is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** A range of bytes in a file beside the model. */
export interface OnnxPlace {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
}

/** A tensor that is part of the model; its bytes are little-endian. */
export interface OnnxConstant {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: Shape;
  readonly data: Uint8Array | OnnxPlace;
}

/** An input or an output; a side that is text is free, and the same wherever its text is. */
export interface OnnxPort {
  readonly name: string;
  readonly type: ElementType;
  readonly sides: readonly (number | string)[];
}

export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  /** Facts by name, for people and programs. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Opset 20 is the first with Gelu; version 9 of the format goes with it. */
const opsetVersion = 20;
const irVersion = 9;
const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 };

/** ModelProto bytes. */
export function encodeOnnx({ nodes, constants, inputs, outputs, metadata = {} }: OnnxModel): Uint8Array {
  const domains = [...new Set(nodes.flatMap(({ domain }) => domain ?? []))];
  return encode([
    int(1, irVersion),
    string(2, "rlrr"),
    message(7, [
      ...nodes.map(encodeNode),
      string(2, "rlrr"),
      ...constants.map(encodeConstant),
      ...inputs.map((port) => encodePort(11, port)),
      ...outputs.map((port) => encodePort(12, port)),
    ]),
    message(8, [string(1, ""), int(2, opsetVersion)]),
    ...domains.map((domain) => message(8, [string(1, domain), int(2, 1)])),
    ...Object.entries(metadata).map(([key, value]) => message(14, [string(1, key), string(2, value)])),
  ]);
}

const encodeNode = ({ type, domain, inputs, outputs, attributes }: OnnxNode): Field =>
  message(1, [
    ...inputs.map((name) => string(1, name)),
    ...outputs.map((name) => string(2, name)),
    string(3, `${type}:${outputs.find(Boolean)}`),
    string(4, type),
    ...(domain === undefined ? [] : [string(7, domain)]),
    ...Object.entries(attributes).map(([name, value]) =>
      message(5, [string(1, name), ...encodeAttribute(value)]),
    ),
  ]);

function encodeAttribute(value: OnnxAttribute): Field[] {
  if ("int" in value) return [int(3, value.int), int(20, attributeTypes.int)];
  if ("float" in value) return [float(2, value.float), int(20, attributeTypes.float)];
  if ("string" in value) return [string(4, value.string), int(20, attributeTypes.string)];
  return [...value.ints.map((number) => int(8, number)), int(20, attributeTypes.ints)];
}

function encodeConstant({ name, type, shape, data }: OnnxConstant): Field {
  const head = [...shape.map((size) => int(1, size)), int(2, elementTypes[type]), string(8, name)];
  if (data instanceof Uint8Array) return message(5, [...head, bytes(9, data)]);
  const entries = Object.entries(data).map(([key, value]) =>
    message(13, [string(1, key), string(2, `${value}`)]),
  );
  return message(5, [...head, ...entries, int(14, 1)]);
}

function encodePort(field: number, { name, type, sides }: OnnxPort): Field {
  const dims = message(
    2,
    sides.map((side) => message(1, [typeof side === "number" ? int(1, side) : string(2, side)])),
  );
  return message(field, [string(1, name), message(2, [message(1, [int(1, elementTypes[type]), dims])])]);
}
