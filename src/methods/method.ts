/** What a tuning method is: the tensors it trains, and how they turn frozen weights into adapted ones. */

import type { z } from "zod";
import type { Shape } from "../formats/tensor.ts";
import type { Value } from "../graph/value.ts";
import type { VitConfig } from "../model/model.ts";
import type { WeightOf } from "../model/vit.ts";
import type { RandomStream } from "../random.ts";

/** A tensor that trains. */
export interface Trainable {
  readonly name: string;
  readonly shape: Shape;
  /** Whether weight decay pulls on it. */
  readonly decay: boolean;
  /** Draws its first numbers; `frozen` starts from the backbone's weight of the same name. */
  readonly start: "frozen" | ((random: RandomStream) => Float32Array);
}

/** A method with its options settled. */
export interface Adaptation {
  /** In a fixed order, without the head, which every method trains. */
  readonly trainables: (config: VitConfig) => readonly Trainable[];
  /**
   * The adapted weights. Training, prediction and merging build this same graph, so they cannot disagree.
   * `trained` gives a trainable's value by name.
   */
  readonly adapt: (frozen: WeightOf, trained: (name: string) => Value) => WeightOf;
}

/** One row of the list of methods. */
export interface Method {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** Where a first run should begin. */
  readonly learningRate: number;
  readonly options: z.ZodObject;
  /** `options` must have passed the schema. */
  readonly create: (options: unknown) => Adaptation;
}

interface Definition<Schema extends z.ZodObject> {
  readonly name: string;
  readonly summary: string;
  readonly learningRate: number;
  readonly options: Schema;
  readonly create: (options: z.output<Schema>) => Adaptation;
}

/** Ties a method's options to its schema, then forgets their type, so that methods fit one list. */
export const defineMethod = <Schema extends z.ZodObject>(definition: Definition<Schema>): Method => ({
  ...definition,
  create: (options) => definition.create(definition.options.parse(options)),
});

/** Numbers drawn one by one. */
export const drawn =
  (count: number, draw: (random: RandomStream) => number): Exclude<Trainable["start"], string> =>
  (random) =>
    Float32Array.from({ length: count }, () => draw(random));
