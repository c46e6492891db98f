/** What the large matrix products of a training step are computed in. */

import { checkInt8 } from "../engine/check-int8.ts";
import type { Engine } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import { countQuantised, fewestForInt8, quantiseProducts } from "../graph/quantise-products.ts";
import type { Graph } from "../graph/value.ts";
import type { Recipe } from "./recipe.ts";

export type Precision = Recipe["precision"];

/** A graph with its gradients, which are those of the products as they were; the engine is refused where it computes `precision` wrongly. */
export async function inPrecision(
  graph: Graph,
  { precision, engine }: { readonly precision: Precision; readonly engine: Engine },
): Promise<Graph> {
  if (precision === "fp32") return graph;
  const quantised = quantiseProducts(graph);
  if (countQuantised(quantised) === 0)
    throw new InputError(
      (show) =>
        `${show("precision", "int8")} would change nothing: no matrix product of this training has ${fewestForInt8} rows, columns and terms. Leave it out, or train a larger model, or more images at once.`,
    );
  await checkInt8(engine);
  return quantised;
}
