/** Reverse-mode differentiation: one walk back over the values that lead to a target. */

import { GraphError } from "../errors.ts";
import { renderShape, type Shape, sameShape, sizeOf } from "../formats/tensor.ts";
import { add, reshape, rowOf, sum } from "./ops.ts";
import { filled, inOrder, type Value } from "./value.ts";

/**
 * The gradient of `loss` (one number) with respect to each target, each of its target's shape.
 * What is frozen, and everything below the first target, is never walked.
 */
export function grad(loss: Value, targets: readonly Value[]): Value[] {
  if (sizeOf(loss.shape) !== 1)
    throw new GraphError(`grad: the loss must be one number, got ${renderShape(loss.shape)}.`);
  const order = inOrder([loss]);
  const leads = new Set<Value>(targets);
  for (const value of order) if (value.inputs.some((x) => leads.has(x))) leads.add(value);

  const gradients = new Map<Value, Value>([[loss, filled(loss.shape, 1)]]);
  for (const y of order.reverse()) {
    const g = gradients.get(y);
    if (!g || !leads.has(y) || y.kind !== "op") continue;
    const incoming = rowOf(y.op).vjp(g, y, y.inputs, y.attributes);
    y.inputs.forEach((x, index) => {
      const part = incoming[index];
      if (!part || !leads.has(x)) return;
      const fitted = unbroadcast(part, x.shape);
      const before = gradients.get(x);
      gradients.set(x, before ? add(before, fitted) : fitted);
    });
  }
  return targets.map((target) => gradients.get(target) ?? filled(target.shape, 0));
}

/** Sums a gradient over the axes that were broadcast. */
function unbroadcast(g: Value, shape: Shape): Value {
  if (sameShape(g.shape, shape)) return g;
  const extra = g.shape.length - shape.length;
  const axes = g.shape.flatMap((size, axis) =>
    axis < extra || (shape[axis - extra] === 1 && size > 1) ? [axis] : [],
  );
  return reshape(axes.length ? sum(g, axes) : g, shape);
}
