/** Named weights as graph values. */

import { FileError } from "../errors.ts";
import type { Weights } from "../formats/tensor.ts";
import { constant, type Value } from "../graph/value.ts";
import type { WeightOf } from "./vit.ts";

/** Looks a weight up once a name, so that every use of it is the same value. */
export function once(weights: WeightOf): WeightOf {
  const known = new Map<string, Value>();
  return (name) => {
    const value = known.get(name) ?? weights(name);
    known.set(name, value);
    return value;
  };
}

/** Weights as constants of a graph. */
export const constantsOf = (weights: Weights): WeightOf =>
  once((name) => {
    const weight = weights.get(name);
    if (!weight) throw new FileError(`The model has no weight "${name}".`);
    return constant(weight);
  });
