/** The reference engine: graphs in plain TypeScript and float64, slow, for tests and finite differences. */

import { EngineError } from "../errors.ts";
import { isStored } from "../formats/tensor.ts";
import type { OpName } from "../graph/ops.ts";
import { type Graph, inOrder, inputsOf, type Value } from "../graph/value.ts";
import { type Arrays, checkFeeds, type Engine, inputSize, type Session } from "./engine.ts";
import { type Array64, kernels } from "./reference-kernels.ts";

/** Runs graphs with the kernels of `reference-kernels.ts`. Weights must be in memory. */
export const referenceEngine = (): Engine => ({
  name: "reference",
  notes: [],
  compile: async (graph) => compile(graph),
  close: async () => {},
  [Symbol.asyncDispose]: async () => {},
});

function compile(graph: Graph): Session {
  const inputs = inputsOf(graph);
  return {
    buffer: (name) => new Float32Array(inputSize(inputs, name)),
    run: async (feeds) => {
      checkFeeds(inputs, feeds);
      const results = evaluate(graph, feeds);
      return Object.fromEntries(
        Object.entries(results).map(([name, { data }]) => [name, Float32Array.from(data)]),
      );
    },
    close: async () => {},
  };
}

/** Every output in float64. Feeds may be float64 too. */
export function evaluate(
  graph: Graph,
  feeds: Arrays | Readonly<Record<string, Float64Array>>,
): Record<string, Array64> {
  const results = new Map<Value, Array64>();
  for (const value of inOrder(Object.values(graph.outputs)))
    results.set(value, { shape: value.shape, data: compute(value, results, feeds) });
  const entries = Object.entries(graph.outputs).map(([name, value]) => [name, results.get(value)]);
  return Object.fromEntries(entries);
}

function compute(
  value: Value,
  results: ReadonlyMap<Value, Array64>,
  feeds: Readonly<Record<string, ArrayLike<number>>>,
): Float64Array {
  if (value.kind === "input") return Float64Array.from(feeds[value.name] as ArrayLike<number>);
  if (value.kind === "constant") {
    if (isStored(value.weight))
      throw new EngineError(`The reference engine needs weights in memory; ${value.weight.path} is a file.`);
    return Float64Array.from(value.weight.data);
  }
  const inputs = value.inputs.map((x) => results.get(x) as Array64);
  return kernels[value.op as OpName](inputs, value.attributes, value.shape);
}
