/** The random inputs of every run of the training graph: dropout masks and consistency noise. */

import type { Arrays } from "../engine/engine.ts";
import { sizeOf } from "../formats/tensor.ts";
import { concat } from "../graph/ops.ts";
import { type InputValue, input, type Value } from "../graph/value.ts";
import type { NoiseSite } from "../methods/adapted-layers.ts";
import type { BranchSite } from "../model/backbone.ts";
import { randomStream } from "../random.ts";

/** What dropout drops: single numbers of a residual branch, as the official code does, or whole branches per image. */
export type DropKind = "element" | "path";

/** PACE: two noisy passes over the same images, and a penalty on how far their logits differ. */
export interface Consistency {
  /** Factor of the penalty: λ. */
  readonly weight: number;
  /** Standard deviation of the noise in the first block; it falls linearly from block to block. */
  readonly noise: number;
}

/** A graph input that is filled anew for every run. */
export type RandomInput =
  /** 0 with probability `rate`, 1 / (1 - rate) elsewhere. */
  | { readonly kind: "mask"; readonly input: InputValue; readonly rate: number }
  /** Normal with mean 1. */
  | { readonly kind: "noise"; readonly input: InputValue; readonly std: number };

export interface RandomInputOptions {
  readonly blocks: number;
  /** Images per run. */
  readonly batchSize: number;
  readonly drop: { readonly rate: number; readonly kind: DropKind };
  readonly consistency?: Consistency | undefined;
}

/** From 0 in the first block to `rate` in the last, evenly: torch.linspace(0, rate, depth), as timm and the official code. */
export const dropRates = (rate: number, blocks: number): number[] =>
  Array.from({ length: blocks }, (_, block) => (blocks > 1 ? (rate * block) / (blocks - 1) : 0));

/** The inputs, made as the layers ask for them; `made` lists them once the graph is built. */
export function randomInputs({ blocks, batchSize, drop, consistency }: RandomInputOptions): {
  readonly mask: (site: BranchSite, shape: readonly number[]) => Value | undefined;
  readonly noise: ((site: NoiseSite) => Value | undefined) | undefined;
  readonly made: readonly RandomInput[];
} {
  const made: RandomInput[] = [];
  const rates = dropRates(drop.rate, blocks);
  const mask = ({ block, role }: BranchSite, [, ...rest]: readonly number[]): Value | undefined => {
    const rate = rates[block] as number;
    if (rate === 0) return undefined;
    const shape = [batchSize, ...(drop.kind === "path" ? rest.map(() => 1) : rest)];
    const value = input(`mask:${block}.${role}`, shape);
    made.push({ kind: "mask", input: value, rate });
    // Both passes drop the same, so that they differ by the noise alone.
    return consistency ? concat(value, value, 0) : value;
  };
  const noise = ({ name, block, out }: NoiseSite): Value | undefined => {
    const std = (consistency?.noise ?? 0) * (1 - block / blocks);
    const value = input(`noise:${name}`, [2 * batchSize, 1, out]); // the same for all tokens of an image
    made.push({ kind: "noise", input: value, std });
    return value;
  };
  return { mask, noise: consistency && consistency.noise > 0 ? noise : undefined, made };
}

export interface FillOptions {
  readonly seed: number;
  /** The optimizer step, and the run of the graph in it. */
  readonly place: readonly number[];
  /** Gives the memory to fill, by the name of the input. */
  readonly buffer?: (name: string) => Float32Array;
}

/** Values for every input, the same for the same seed and place. */
export function fillRandomInputs(
  inputs: readonly RandomInput[],
  { seed, place, buffer }: FillOptions,
): Arrays {
  const filled = inputs.map((random) => {
    const { name, shape } = random.input;
    const array = buffer?.(name) ?? new Float32Array(sizeOf(shape));
    const stream = randomStream(seed, name, ...place);
    if (random.kind === "mask") return [name, stream.fillMask(array, random.rate)] as const;
    stream.fillNormal(array, { std: random.std });
    for (let i = 0; i < array.length; i++) array[i] = 1 + (array[i] as number);
    return [name, array] as const;
  });
  return Object.fromEntries(filled);
}
