/** Computes once what of a graph depends on constants alone, so that an exported model holds adapted weights and no adapter. */

import type { Engine } from "../engine/engine.ts";
import { sizeOf } from "../formats/tensor.ts";
import { rewrite } from "../graph/rewrite.ts";
import { constant, type Graph, inOrder, type OpValue, type Value } from "../graph/value.ts";

export interface FoldOptions {
  readonly engine: Engine;
  /** Whether a size stands for any number of images. */
  readonly isFree: (size: number) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Numbers that are computed in one go: 64 MB. */
const mostNumbers = 2 ** 24;

/** The same outputs; every value between constants is a constant. */
export async function foldConstants(graph: Graph, options: FoldOptions): Promise<Graph> {
  const known = new Map<Value, Value>();
  for (const group of groupsOf(foldable(graph, options))) {
    options.signal?.throwIfAborted();
    const named = Object.fromEntries(group.map((value, index) => [`value_${index}`, value]));
    const session = await options.engine.compile({ outputs: named });
    try {
      const results = await session.run({});
      for (const [name, value] of Object.entries(named)) {
        const data = results[name];
        if (!data) throw new Error(`internal: the session has no output ${name}.`);
        known.set(value, constant({ shape: value.shape, data }));
      }
    } finally {
      await session.close();
    }
  }
  const outputs = Object.entries(graph.outputs).map(([name, value]) => [name, known.get(value) ?? value]);
  return rewrite({ outputs: Object.fromEntries(outputs) }, (value) => known.get(value));
}

/** The last values that constants alone make: those that something else reads. */
function foldable({ outputs }: Graph, { isFree }: FoldOptions): OpValue[] {
  const fixed = new Set<Value>();
  const read = new Set<Value>(Object.values(outputs));
  const order = inOrder([...read]);
  for (const value of order) {
    const byConstants = value.inputs.every((x) => fixed.has(x));
    if (value.kind !== "input" && byConstants && !value.shape.some(isFree)) fixed.add(value);
    else for (const x of value.inputs) read.add(x);
  }
  return order.filter(
    (value): value is OpValue => value.kind === "op" && fixed.has(value) && read.has(value),
  );
}

function groupsOf(values: readonly OpValue[]): OpValue[][] {
  const groups: OpValue[][] = [];
  let room = 0;
  for (const value of values) {
    const size = sizeOf(value.shape);
    if (size > room || groups.length === 0) {
      groups.push([]);
      room = mostNumbers;
    }
    groups.at(-1)?.push(value);
    room -= size;
  }
  return groups;
}
