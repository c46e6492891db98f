/** Where a graph can be cut: below, nothing depends on what changes from run to run; above, one value tells all of it. */

import { rewrite } from "./rewrite.ts";
import { type Graph, type InputValue, inOrder, type OpValue, type Value } from "./value.ts";

/**
 * The last value that depends on the input named `name` and on constants alone, and through which everything else sees that
 * input; nothing where there is none.
 */
export function findCut(graph: Graph, name: string): OpValue | undefined {
  const order = inOrder(Object.values(graph.outputs));
  const fixed = fixedValues(order, name);
  const lastUse = new Map<Value, number>(Object.values(graph.outputs).map((value) => [value, order.length]));
  for (const [at, { inputs }] of order.entries())
    for (const x of inputs) lastUse.set(x, Math.max(at, lastUse.get(x) ?? 0));
  const open = new Set<Value>();
  let cut: OpValue | undefined;
  for (const [at, value] of order.entries()) {
    if (fixed.has(value)) open.add(value);
    for (const x of value.inputs) if (lastUse.get(x) === at) open.delete(x);
    if (open.size === 1 && open.has(value) && value.kind === "op") cut = value;
  }
  return cut;
}

/** The input, and what is computed of it and of constants. */
function fixedValues(order: readonly Value[], name: string): ReadonlySet<Value> {
  const fixed = new Set<Value>();
  const constant = new Set<Value>();
  for (const value of order) {
    const { inputs, kind } = value;
    if (kind === "constant" || (kind === "op" && inputs.every((x) => constant.has(x)))) constant.add(value);
    else if (kind === "input" ? value.name === name : inputs.every((x) => fixed.has(x) || constant.has(x)))
      fixed.add(value);
  }
  return fixed;
}

/** The same outputs, with `cut` fed as `fed` instead of computed. */
export const aboveCut = (graph: Graph, cut: OpValue, fed: InputValue): Graph =>
  rewrite(graph, (value) => (value === cut ? fed : undefined));
