/** A graph with some of its values replaced by others that compute the same. */

import { type Graph, inOrder, type OpValue, type Value } from "./value.ts";

/**
 * What computes the same as `value`, which would read `inputs` now; nothing where it is to stay as it is. `now` gives what
 * stands for a value that was visited before.
 */
export type Rule = (
  value: OpValue,
  inputs: readonly Value[],
  now: (value: Value) => Value,
) => Value | undefined;

/** The same outputs, by other values. Inputs come before users, so a rule sees inputs that are rewritten already. */
export function rewrite(graph: Graph, rule: Rule): Graph {
  const rewritten = new Map<Value, Value>();
  const now = (value: Value): Value => rewritten.get(value) ?? value;
  for (const value of inOrder(Object.values(graph.outputs))) {
    if (value.kind !== "op") continue;
    const inputs = value.inputs.map(now);
    const other = rule(value, inputs, now);
    const changed = inputs.some((x, index) => x !== value.inputs[index]);
    if (other ?? changed) rewritten.set(value, other ?? { ...value, inputs });
  }
  const outputs = Object.entries(graph.outputs).map(([name, value]) => [name, now(value)] as const);
  return { outputs: Object.fromEntries(outputs) };
}
