/** The sessions of one classifier, in 8 bits or in float32, compiled when they are first needed. */

import { checkInt8 } from "../engine/check-int8.ts";
import type { Engine, Session } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import { memoryBytes } from "../files/memory.ts";
import { sizeOf } from "../formats/tensor.ts";
import { countQuantised, fewestForInt8, quantiseProducts } from "../graph/quantise-products.ts";
import type { Graph } from "../graph/value.ts";
import type { Model } from "../model/model.ts";
import { type ClassifierGraphOptions, classifierGraph } from "./classifier.ts";

/** What the large matrix products of a prediction are computed in. */
export const predictionPrecisions = ["fp32", "int8"] as const;
export type PredictionPrecision = (typeof predictionPrecisions)[number];

export interface ClassifierSessionsOptions extends Omit<ClassifierGraphOptions, "batchSize"> {
  readonly engine: Engine;
  readonly precision?: PredictionPrecision | undefined;
}

export class ClassifierSessions {
  readonly #options: ClassifierSessionsOptions;
  readonly #known = new Map<number, Promise<Session>>();
  #checked: Promise<void> | undefined;

  constructor(options: ClassifierSessionsOptions) {
    this.#options = options;
  }

  /** For runs of `batchSize` images, in the precision that was asked for; kept until `close`. */
  get(batchSize: number): Promise<Session> {
    const known = this.#known.get(batchSize);
    if (known) return known;
    const session = this.#options.precision === "int8" ? this.#int8(batchSize) : this.exact(batchSize);
    this.#known.set(batchSize, session);
    session.catch(() => this.#known.delete(batchSize));
    return session;
  }

  /** In float32; whoever asked closes it. */
  exact(batchSize: number): Promise<Session> {
    const { engine, model } = this.#options;
    return engine.compile(classifierGraph({ ...this.#options, batchSize }), {
      packed: isWorthPacking(model),
    });
  }

  /** How to close each session that is kept. */
  releases(): readonly (() => Promise<void>)[] {
    return [...this.#known.values()].map((session) => async () => (await session).close());
  }

  async #int8(batchSize: number): Promise<Session> {
    const { engine, model } = this.#options;
    const graph = inInt8(classifierGraph({ ...this.#options, batchSize }), { batchSize, id: model.id });
    this.#checked ??= checkInt8(engine);
    await this.#checked;
    return engine.compile(graph, { packed: true });
  }
}

/** Packed weights are held once more by each session, of which there may be three. */
const isWorthPacking = ({ weights }: Model): boolean => {
  const numbers = [...weights.values()].reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return numbers * Float32Array.BYTES_PER_ELEMENT <= memoryBytes() / 16;
};

/**
 * Matrices are constant, so they are quantised once. Products with one row per image, such as the head's, stay float32 for any
 * number of images: what an image gets does not depend on how many others share its run.
 */
export function inInt8(
  graph: Graph,
  { batchSize, id }: { readonly batchSize: number; readonly id: string },
): Graph {
  const quantised = quantiseProducts(graph, { fewestRows: batchSize + 1 });
  if (countQuantised(quantised) === 0)
    throw new InputError(
      (show) =>
        `${show("precision", "int8")} would change nothing: no matrix of ${id} has ${fewestForInt8} rows and columns. Leave it out.`,
    );
  return quantised;
}
