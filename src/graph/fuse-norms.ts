/** LayerNorm's scale and shift become part of its node: one node that every runtime knows, instead of three. */

import type { OnnxModel, OnnxNode } from "../formats/onnx-model.ts";

/** The same model with x → LayerNormalization(x, ones) → Mul weight → Add bias as one node each. */
export function fuseNorms(model: OnnxModel): OnnxModel {
  const readers = readersOf(model);
  const fixed = new Set(model.constants.filter(({ shape }) => shape.length === 1).map(({ name }) => name));
  const dropped = new Set<OnnxNode>();
  const fused = new Map<OnnxNode, OnnxNode>();
  /** The only reader of `name`, where it is of this type and its other input is a vector; and that vector. */
  const next = (name: string, type: string) => {
    const [reader, ...others] = readers.get(name) ?? [];
    const vector = reader?.inputs.find((other) => other !== name);
    if (reader?.type !== type || others.length > 0 || vector === undefined || !fixed.has(vector)) return;
    return { node: reader, vector };
  };
  for (const norm of model.nodes) {
    if (norm.type !== "LayerNormalization") continue;
    const [x = ""] = norm.inputs;
    const scale = next(norm.outputs[0] ?? "", "Mul");
    const shift = scale && next(scale.node.outputs[0] ?? "", "Add");
    const others = norm.outputs.slice(1).some((name) => readers.has(name));
    if (!scale || !shift || others) continue;
    dropped.add(norm).add(scale.node);
    fused.set(shift.node, {
      ...norm,
      inputs: [x, scale.vector, shift.vector],
      outputs: shift.node.outputs,
    });
  }
  const nodes = model.nodes.filter((node) => !dropped.has(node)).map((node) => fused.get(node) ?? node);
  return withoutUnread({ ...model, nodes });
}

/** The nodes that read a value, by its name. */
export function readersOf({ nodes }: Pick<OnnxModel, "nodes">): Map<string, OnnxNode[]> {
  const readers = new Map<string, OnnxNode[]>();
  for (const node of nodes)
    for (const name of new Set(node.inputs)) {
      const known = readers.get(name);
      if (known) known.push(node);
      else readers.set(name, [node]);
    }
  return readers;
}

/** Constants that no node reads any more are left out. */
export function withoutUnread(model: OnnxModel): OnnxModel {
  const read = new Set(model.nodes.flatMap(({ inputs }) => inputs));
  return { ...model, constants: model.constants.filter(({ name }) => read.has(name)) };
}
