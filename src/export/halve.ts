/** A model in float16: half the bytes, and half the memory where a runtime computes in it. Its inputs and outputs stay float32. */

import { toFloat16 } from "../formats/float-types.ts";
import type { OnnxConstant, OnnxModel, OnnxNode } from "../formats/onnx-model.ts";
import { elementTypes } from "../formats/onnx-model.ts";

/** The same model; numbers beyond ±65,504, which float16 cannot hold, become the largest that it can. */
export function halve(model: OnnxModel): OnnxModel {
  const half = (name: string) => `${name}.half`;
  const ports = [...model.inputs, ...model.outputs].map(({ name }) => name);
  const named = (name: string) => (ports.includes(name) ? half(name) : name);
  const cast = (from: string, to: string, type: "float16" | "float32"): OnnxNode => ({
    type: "Cast",
    inputs: [from],
    outputs: [to],
    attributes: { to: { int: elementTypes[type] } },
  });
  return {
    ...model,
    constants: model.constants.map(halveConstant),
    nodes: [
      ...model.inputs.map(({ name }) => cast(name, half(name), "float16")),
      ...model.nodes.map((node) => ({
        ...node,
        inputs: node.inputs.map(named),
        outputs: node.outputs.map(named),
      })),
      ...model.outputs.map(({ name }) => cast(half(name), name, "float32")),
    ],
  };
}

function halveConstant(one: OnnxConstant): OnnxConstant {
  if (one.type !== "float32" || !(one.data instanceof Uint8Array)) return one;
  const halves = toFloat16(numbersOf(one.data));
  return { ...one, type: "float16", data: new Uint8Array(halves.buffer) };
}

/** The float32 numbers of a constant. */
export function numbersOf(data: Uint8Array): Float32Array {
  const aligned = data.byteOffset % 4 === 0 ? data : data.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength / 4);
}
