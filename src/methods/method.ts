/** The interface of a tuning method: what it trains, and how that changes the layers at a backbone's sites. */

import { z } from "zod";
import type { Shape } from "../formats/tensor.ts";
import type { Value } from "../graph/value.ts";
import type { LinearSite, NormSite, Structure } from "../model/backbone.ts";
import type { Affine, LayerChanges, ValueOf } from "../model/layers.ts";
import type { RandomStream } from "../random.ts";
import { blocksOption, withinBlocks } from "./within-blocks.ts";

/** A tensor that trains. */
export interface Trainable {
  readonly name: string;
  readonly shape: Shape;
  /** Whether weight decay pulls on it. */
  readonly decay: boolean;
  /** Makes its first values; `frozen` starts from the backbone's weight of the same name, or from what `from` makes of another. */
  readonly start: "frozen" | ((random: RandomStream) => Float32Array);
  readonly from?: FrozenSource;
}

/** First values that are computed from a weight of the backbone. */
export interface FrozenSource {
  /** The weight's name. */
  readonly name: string;
  readonly make: (weight: Float32Array) => Float32Array;
}

/** A method with its options applied. `trained` gives the value of a trainable tensor by name. */
export interface Adaptation {
  /** In a fixed order, without the head, which every method trains. */
  readonly trainables: (structure: Structure) => readonly Trainable[];
  /**
   * Weight space: the adapted weight and bias of a site; `frozen` itself where nothing changes. Training, prediction and
   * merging build this same graph, so they cannot disagree.
   */
  readonly weight?: (site: LinearSite | NormSite, frozen: Affine, trained: ValueOf) => Affine;
  /** The same for a tensor that belongs to no site: CLS, positions. */
  readonly parameter?: (name: string, frozen: Value, trained: ValueOf) => Value;
  /**
   * What `weight` does at a linear site, computed on activations where that takes two matrix products per training step
   * instead of three: x [..., in] → [..., out]. Used in training alone; must equal `weight`.
   */
  readonly activation?: (
    site: LinearSite,
    frozen: Affine,
    trained: ValueOf,
  ) => ((x: Value) => Value) | undefined;
  /** Whether its start changes features whatever its options, so that a probe must be fitted to those that it begins with. */
  readonly startsAway?: true;
  /** Activation space: changes on top of the adapted weights. They are no weights, so such a method is not merged. */
  readonly layers?: (trained: ValueOf) => LayerChanges;
}

/** One row of the list of methods. */
export interface Method {
  readonly name: string;
  /** One line for `--help`. */
  readonly summary: string;
  /** Its authors', where a first run should begin. */
  readonly learningRate: number;
  /** Options that the default recipe takes for it, where others suit it better there. */
  readonly recipe?: { readonly learningRate?: number; readonly epochs?: number; readonly patience?: number };
  /** The recipe's `blend` where it is part of the method, under every recipe that does not say another. */
  readonly blend?: number;
  /** Each option with its default; `describe` ends the sentence "must be …", `meta({ help })` is its line in `--help`. */
  readonly options: z.ZodObject;
  /** Options with which it starts exactly at the pre-trained model, where its defaults do not. */
  readonly identity?: Readonly<Record<string, unknown>>;
  /** Why it cannot be merged, the end of a sentence; absent where it can. */
  readonly unmergeable?: string;
  /** `options` must have passed the schema. */
  readonly create: (options: unknown) => Adaptation;
}

interface Definition<Schema extends z.ZodObject> extends Omit<Method, "options" | "create"> {
  readonly options: Schema;
  readonly create: (options: z.output<Schema>) => Adaptation;
  /** False where it cannot be confined to some blocks: it gets no option `blocks`. */
  readonly byBlocks?: boolean;
}

/** Ties a method's options to its schema, then forgets their type, so that methods fit one list. Adds the option `blocks`. */
export function defineMethod<Schema extends z.ZodObject>({
  byBlocks = true,
  ...definition
}: Definition<Schema>): Method {
  const own = (options: object) => definition.create(definition.options.parse(options));
  if (!byBlocks) return { ...definition, create: (options) => own(options as object) };
  return {
    ...definition,
    options: definition.options.safeExtend({ blocks: blocksOption() }),
    create: (options) => {
      const { blocks, ...rest } = options as { readonly blocks?: string };
      return blocks === undefined ? own(rest) : withinBlocks(own(rest), blocks);
    },
  };
}

/** Makes `count` values one by one. */
export const startEach =
  (count: number, value: (random: RandomStream) => number): Exclude<Trainable["start"], string> =>
  (random) =>
    Float32Array.from({ length: count }, () => value(random));

/** Values of 0. */
export const startZero = (count: number): Exclude<Trainable["start"], string> => startEach(count, () => 0);

/** Uniform in [-bound, bound). */
export const startUniform = (count: number, bound: number): Exclude<Trainable["start"], string> =>
  startEach(count, (random) => (2 * random.next() - 1) * bound);

/** Normal with mean 0, sampled again where it is beyond two `std`. */
export const startTruncated = (count: number, std: number): Exclude<Trainable["start"], string> =>
  startEach(count, (random) => {
    let value = random.normal();
    while (Math.abs(value) > 2) value = random.normal();
    return std * value;
  });

/** Where to start, for a method that its authors start elsewhere than at the pre-trained model. */
export const initOption = () =>
  z
    .enum(["official", "identity"])
    .default("official")
    .describe("official or identity")
    .meta({ help: "as published, or exactly at the pre-trained model" });
