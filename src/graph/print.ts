/** A graph a person can read: one line per value, in the order of computation. */

import { isStored, renderShape, sizeOf } from "../formats/tensor.ts";
import { type Attributes, type ConstantValue, type Graph, inOrder, type Value } from "./value.ts";

/** `softmax_12 = softmax(matmul_11) [2, 2, 5, 5]`; inputs first, single numbers in place, outputs last. */
export function printGraph(graph: Graph): string {
  const names = new Map<Value, string>();
  const inputs: string[] = [];
  const lines: string[] = [];
  for (const value of inOrder(Object.values(graph.outputs))) {
    const shape = renderShape(value.shape);
    if (value.kind === "constant" && isNumber(value)) names.set(value, renderNumber(value));
    else if (value.kind === "input") {
      names.set(value, value.name);
      inputs.push(`${value.name} ${shape}`);
    } else {
      const name = `${value.kind === "op" ? value.op : "constant"}_${lines.length}`;
      const made = value.kind === "op" ? renderOp(value, names) : renderConstant(value);
      names.set(value, name);
      lines.push(`${name} = ${made} ${shape}`);
    }
  }
  const outputs = Object.entries(graph.outputs).map(([name, value]) => `${name} = ${names.get(value)}`);
  return [...inputs, "", ...lines, "", ...outputs].join("\n");
}

function renderOp({ op, inputs, attributes }: Extract<Value, { kind: "op" }>, names: Map<Value, string>) {
  return `${op}(${[...inputs.map((x) => names.get(x)), ...renderAttributes(attributes)].join(", ")})`;
}

const renderAttributes = (attributes: Attributes): string[] =>
  Object.entries(attributes).map(
    ([name, value]) => `${name}: ${JSON.stringify(value).replaceAll(",", ", ")}`,
  );

const renderConstant = ({ weight }: ConstantValue): string =>
  isStored(weight) ? `stored(${weight.path}, offset: ${weight.offset})` : "constant()";

const isNumber = ({ weight }: ConstantValue): boolean => !isStored(weight) && sizeOf(weight.shape) === 1;

/** Six digits: float32 has no more than seven. */
const renderNumber = ({ weight }: ConstantValue): string =>
  isStored(weight) ? "" : `${Number(weight.data[0]?.toPrecision(6))}`;
