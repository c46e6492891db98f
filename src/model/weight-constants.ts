/** Frozen weights as constants of a graph. */

import { FileError } from "../errors.ts";
import type { Weights } from "../formats/tensor.ts";
import { constant } from "../graph/value.ts";
import { once, type ValueOf } from "./layers.ts";

/** Each weight as one constant, by name. */
export const constantsOf = (weights: Weights): ValueOf =>
  once((name: string) => {
    const weight = weights.get(name);
    if (!weight) throw new FileError(`The model has no weight "${name}".`);
    return constant(weight);
  });
