/** A training graph that keeps what lies between its segments alone, and computes the rest again when the gradient needs it. */

import { sizeOf } from "../formats/tensor.ts";
import { add, mul, reshape, slice } from "./ops.ts";
import { rewrite } from "./rewrite.ts";
import { type Graph, inOrder, scalar, type Value } from "./value.ts";

/** A part of the forward pass. */
export interface Segment {
  /** What it begins with and what it makes, both of which are kept. */
  readonly from: Value;
  readonly to: Value;
  /** The gradient of `to`. */
  readonly gradient: Value;
  /** The gradients of parameters that are of this segment alone. */
  readonly own: readonly Value[];
}

export interface Recomputed {
  /** In the order of the forward pass, each beginning with what the one before made. */
  readonly segments: readonly Segment[];
  /** What the forward pass ends with. */
  readonly forward: readonly Value[];
}

/**
 * The same outputs. A runtime would merge equal computations, so that nothing would be computed again, and would leave the
 * gradients of parameters for last, and keep for them all that came before. So x + 0·y takes the place of an x that has to wait
 * for y, of which it is a single number: the gradient of a segment waits for those of the parameters above, and a second
 * computation for the gradient that needs it. The last segment's is needed at once, so it is kept.
 */
export function recompute(graph: Graph, { segments, forward }: Recomputed): Graph {
  const above = new Map(
    segments.slice(0, -1).map(({ gradient }, index) => [gradient, segments[index + 1]?.own ?? []]),
  );
  const ahead = new Set(inOrder(forward));
  const copies = new Copies(segments.slice(0, -1));
  const { outputs } = rewrite(withOrder(graph, segments), (value, inputs, now) => {
    const own = above.get(value) ?? [];
    const isLater = !ahead.has(value) && value.inputs.some((x) => copies.has(x));
    if (own.length === 0 && !isLater) return undefined;
    const read = value.inputs.map((x, index) => (isLater && copies.of(x, now)) || (inputs[index] ?? x));
    const same = { ...value, inputs: read };
    return own.length > 0 ? add(same, zeroAfter(own.map(now))) : same;
  });
  return {
    outputs: Object.fromEntries(
      Object.entries(graph.outputs).map(([name, value]) => [name, outputs[name] ?? value]),
    ),
  };
}

/** With the gradients as outputs before all others, from the last segment down: what waits is rewritten after what it waits for. */
function withOrder(graph: Graph, segments: readonly Segment[]): Graph {
  const first = segments.toReversed().flatMap(({ gradient, own }) => [gradient, ...own]);
  const named = first.map((value, index) => [`recompute ${index}`, value] as const);
  return { outputs: { ...Object.fromEntries(named), ...graph.outputs } };
}

/** [1], 0 as soon as all `values` are there. */
function zeroAfter(values: readonly Value[]): Value {
  const numbers = values.map((value) =>
    slice(reshape(value, [sizeOf(value.shape)]), { axis: 0, from: 0, to: 1 }),
  );
  return mul(numbers.reduce(add), scalar(0));
}

/** The second computation of each segment. */
class Copies {
  private readonly owner = new Map<Value, Segment>();
  private readonly made = new Map<Segment, Map<Value, Value>>();
  private readonly zeros = new Map<Segment, Value>();

  constructor(segments: readonly Segment[]) {
    for (const segment of segments) {
      const before = new Set(inOrder([segment.from]));
      for (const value of inOrder([segment.to]))
        if (!before.has(value) && value !== segment.to && value.kind === "op") this.owner.set(value, segment);
    }
  }

  readonly has = (value: Value): boolean => this.owner.has(value);

  /** The copy of a value that is not kept. */
  of(value: Value, now: (value: Value) => Value): Value | undefined {
    const segment = this.owner.get(value);
    return segment && this.copy(value, { segment, now });
  }

  private copy(
    value: Value,
    parts: { readonly segment: Segment; readonly now: (value: Value) => Value },
  ): Value {
    const { segment } = parts;
    const made = this.made.get(segment) ?? new Map<Value, Value>();
    this.made.set(segment, made);
    const known = made.get(value);
    if (known) return known;
    const copy = this.copyAnew(value, parts);
    made.set(value, copy);
    return copy;
  }

  private copyAnew(
    value: Value,
    parts: { readonly segment: Segment; readonly now: (value: Value) => Value },
  ): Value {
    const { segment, now } = parts;
    if (value === segment.from) return add(now(value), this.zeroOf(segment, now));
    if (value.kind === "op" && this.owner.get(value) === segment)
      return { ...value, inputs: value.inputs.map((x) => this.copy(x, parts)) };
    // Small parameters wait too, lest the weights that they make be kept; a large one is there in any case.
    const isSmall = value.kind === "input" && 16 * sizeOf(value.shape) <= sizeOf(segment.from.shape);
    return isSmall ? add(value, this.zeroOf(segment, now)) : value;
  }

  private zeroOf(segment: Segment, now: (value: Value) => Value): Value {
    const zero = this.zeros.get(segment) ?? zeroAfter([now(segment.gradient)]);
    this.zeros.set(segment, zero);
    return zero;
  }
}
