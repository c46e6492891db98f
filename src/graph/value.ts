/** A graph is data: values that remember the op and the inputs that make them. */

import type { Shape, Weight } from "../formats/tensor.ts";

/** What an op needs besides its inputs: axes, sizes, flags. */
export type Attributes = Readonly<Record<string, number | boolean | readonly number[]>>;

/** One float32 value of a graph. Inputs and constants are its leaves; everything else is made by a row of `ops.ts`. */
export type Value = InputValue | ConstantValue | OpValue;

interface Node {
  readonly shape: Shape;
  readonly inputs: readonly Value[];
  readonly attributes: Attributes;
  /** Holds the stack of the line that made the value, read only when something fails. */
  readonly origin: { readonly stack?: string };
}

/** Fed at every run, by name. */
export interface InputValue extends Node {
  readonly kind: "input";
  readonly name: string;
}

/** Fixed when the graph is compiled: frozen weights, small numbers. */
export interface ConstantValue extends Node {
  readonly kind: "constant";
  readonly weight: Weight;
}

export interface OpValue extends Node {
  readonly kind: "op";
  /** The name of its row in `ops.ts`. */
  readonly op: string;
}

/** Named results of a run; everything that no output needs is left out of the compiled graph. */
export interface Graph {
  readonly outputs: Readonly<Record<string, Value>>;
}

/** The origin of a value made now. Frames are captured cheaply and turned to text only when asked for. */
export function captureOrigin(): { readonly stack?: string } {
  const origin: { stack?: string } = {};
  Error.captureStackTrace?.(origin, captureOrigin);
  return origin;
}

/** This folder's files in a stack: TypeScript in a checkout, JavaScript in the package, where all CommonJS is in few files. */
const ownFrame =
  /[\\/](src|dist)[\\/]graph[\\/](value|ops|shapes|grad)\.[jt]s|[\\/]rlrr[\\/]dist[\\/](index|node|shared)\.cjs/;

/** `vit.ts:41:12 (attention)`-like: the first frame outside this folder. */
export function renderOrigin(value: Pick<Node, "origin">): string {
  const frames = (value.origin.stack ?? "").split("\n").slice(1);
  const frame = frames.find((line) => !ownFrame.test(line));
  return frame ? frame.trim().replace(/^at /, "") : "an unknown place";
}

/** A value that is fed at every run. */
export const input = (name: string, shape: Shape): InputValue => ({
  kind: "input",
  name,
  shape,
  inputs: [],
  attributes: {},
  origin: captureOrigin(),
});

/** A value known when the graph is compiled. */
export const constant = (weight: Weight): ConstantValue => ({
  kind: "constant",
  weight,
  shape: weight.shape,
  inputs: [],
  attributes: {},
  origin: captureOrigin(),
});

/** A constant of shape [] that broadcasts against anything. */
export const scalar = (number: number): ConstantValue =>
  constant({ shape: [], data: Float32Array.of(number) });

/** A constant of one repeated number. */
export const filled = (shape: Shape, number: number): ConstantValue =>
  constant({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(number) });

/** Every value that `outputs` need, inputs before users. Iterative, because graphs are thousands deep. */
export function inOrder(outputs: readonly Value[]): Value[] {
  const order: Value[] = [];
  const seen = new Set<Value>();
  const stack: { value: Value; next: number }[] = [];
  const visit = (value: Value) => {
    if (seen.has(value)) return;
    seen.add(value);
    stack.push({ value, next: 0 });
  };
  for (const output of outputs) {
    visit(output);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const child = top.value.inputs[top.next++];
      if (child) visit(child);
      else {
        order.push(top.value);
        stack.pop();
      }
    }
  }
  return order;
}

/** The inputs a graph needs to be fed, by name; two inputs of one name are an error. */
export function inputsOf(graph: Graph): ReadonlyMap<string, InputValue> {
  const found = new Map<string, InputValue>();
  for (const value of inOrder(Object.values(graph.outputs))) {
    if (value.kind !== "input") continue;
    const other = found.get(value.name);
    if (other && other !== value) throw new Error(`internal: two graph inputs are named "${value.name}".`);
    found.set(value.name, value);
  }
  return found;
}
