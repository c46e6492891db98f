/** What the large matrix products of a training step are computed in. */

import type { Engine } from "../engine/engine.ts";
import { EngineError, InputError } from "../errors.ts";
import { quantise, quantisedProduct } from "../graph/ops.ts";
import { fewestForInt8, quantiseProducts } from "../graph/quantise-products.ts";
import { filled, type Graph, inOrder, input, scalar, type Value } from "../graph/value.ts";
import type { Recipe } from "./recipe.ts";

export type Precision = Recipe["precision"];

/** A graph with its gradients, which are those of the products as they were; the engine is refused where it computes `precision` wrongly. */
export async function inPrecision(
  graph: Graph,
  { precision, engine }: { readonly precision: Precision; readonly engine: Engine },
): Promise<Graph> {
  if (precision === "fp32") return graph;
  const quantised = quantiseProducts(graph);
  const count = inOrder(Object.values(quantised.outputs)).filter((value) => isProduct(value)).length;
  if (count === 0)
    throw new InputError(
      (show) =>
        `${show("precision", "int8")} would change nothing: no matrix product of this training has ${fewestForInt8} rows, columns and terms. Leave it out, or train a larger model, or more images at once.`,
    );
  await checkInt8(engine);
  return quantised;
}

const isProduct = (value: Value): boolean => value.kind === "op" && value.op === "quantisedProduct";

const terms = 8;

/**
 * x86 processors without VNNI instructions add pairs of products in 16 bits, where large ones are cut off without a word: the
 * largest are tried.
 */
async function checkInt8(engine: Engine): Promise<void> {
  const session = await engine.compile({
    outputs: {
      y: quantisedProduct(
        quantise(input("a", [1, terms]), scalar(1), { signed: false }),
        quantise(input("b", [terms, 1]), scalar(1), { signed: true }),
        filled([1], 1),
      ),
    },
  });
  try {
    const numbers = () => new Float32Array(terms).fill(127);
    const { y } = await session.run({ a: numbers(), b: numbers() });
    if (y?.[0] === terms * 127 ** 2) return;
  } finally {
    await session.close();
  }
  throw new EngineError(
    (show) =>
      `${show("precision", "int8")} needs a processor with VNNI or dot-product instructions; without them its products are wrong. Leave it out, or give ${show("precision", "fp32")}.`,
  );
}
