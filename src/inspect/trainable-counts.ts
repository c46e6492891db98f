/** How many parameters a method trains in a model of these sizes. */

import { allTrainables } from "../adapter/head.ts";
import { InputError } from "../errors.ts";
import { sizeOf } from "../formats/tensor.ts";
import type { Method } from "../methods/method.ts";
import { type ChosenMethod, chooseMethod, defaultMethod, methods } from "../methods/methods.ts";
import type { ModelConfig } from "../model/architectures.ts";
import { backboneOf } from "../model/architectures.ts";

export interface CountOptions {
  /** All methods where none is named. */
  readonly method?: string | Method | undefined;
  /** The method's own options. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Rows of the head that trains with it; 0 counts no head. */
  readonly classes: number;
}

export interface TrainableCount {
  readonly method: string;
  /** All trainable parameters, the head's among them. */
  readonly trainable: number;
  readonly headTrainable: number;
}

/** A method that cannot train this model, and the sentence that says why. */
export interface UnsuitedMethod {
  readonly method: string;
  readonly why: string;
}

/** The count of one method with its options, or of every method side by side. */
export type TrainableCounts =
  | {
      readonly classes: number;
      readonly methods: readonly TrainableCount[];
      readonly unsuited: readonly UnsuitedMethod[];
    }
  | (TrainableCount & { readonly options: Readonly<Record<string, unknown>>; readonly classes: number });

/** Parameters of the backbone, without a head. */
export const backboneSize = (config: ModelConfig): number =>
  [...backboneOf(config).shapes.values()].reduce((sum, shape) => sum + sizeOf(shape), 0);

export function countTrainables(
  config: ModelConfig,
  { method, settings, classes }: CountOptions,
): TrainableCounts {
  const asked = method ?? (Object.keys(settings).length > 0 ? defaultMethod : undefined);
  const choose = (name: string | Method) => chooseMethod({ name, options: settings }, "method");
  if (asked === undefined) {
    const each = methods.map((one) => countOrRefuse(config, choose(one), classes));
    return {
      classes,
      methods: each.filter((one): one is TrainableCount => "trainable" in one),
      unsuited: each.filter((one): one is UnsuitedMethod => "why" in one),
    };
  }
  const chosen = choose(asked);
  return { ...countMethod(config, chosen, classes), options: chosen.choice.options, classes };
}

function countOrRefuse(
  config: ModelConfig,
  chosen: ChosenMethod,
  classes: number,
): TrainableCount | UnsuitedMethod {
  try {
    return countMethod(config, chosen, classes);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { method: chosen.choice.name, why: error.message.replace(/ Choose another method for .*$/, "") };
  }
}

function countMethod(
  config: ModelConfig,
  { choice, adaptation }: ChosenMethod,
  classes: number,
): TrainableCount {
  const sizes = allTrainables(adaptation, backboneOf(config), classes).map((row) => ({
    isHead: row.name.startsWith("head."),
    size: sizeOf(row.shape),
  }));
  const sum = (rows: typeof sizes) => rows.reduce((all, { size }) => all + size, 0);
  return {
    method: choice.name,
    trainable: sum(sizes),
    headTrainable: sum(sizes.filter(({ isHead }) => isHead)),
  };
}
