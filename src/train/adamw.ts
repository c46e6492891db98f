/** AdamW as plain loops over the trainable parameters. Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101. */

import type { Trainable } from "../methods/method.ts";

/** One trained tensor with its two moments. Arrays are changed in place. */
export interface Moments {
  readonly parameter: Float32Array;
  /** Running mean of the gradient. */
  readonly first: Float32Array;
  /** Running mean of its square. */
  readonly second: Float32Array;
  /** Where it started, if what is kept lies between there and the parameter. */
  readonly start?: Float32Array;
  /** Its running average over the steps, if that is kept instead of the parameter. */
  readonly average?: Float32Array;
}

export type OptimizerState = ReadonlyMap<string, Moments>;

export interface AdamWOptions {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Steps taken, this one included: 1 at the first. */
  readonly step: number;
}

/** PyTorch's defaults. */
const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-8;

/**
 * One step, in PyTorch's order of operations:
 * p ← p·(1 - lr·wd);  m ← β₁m + (1-β₁)g;  v ← β₂v + (1-β₂)g²;  p ← p - lr/(1-β₁ᵗ) · m / (√v/√(1-β₂ᵗ) + ε).
 */
export function adamwStep(
  trainables: readonly Trainable[],
  state: OptimizerState,
  gradients: (name: string) => Float32Array,
  { learningRate, weightDecay, step }: AdamWOptions,
): void {
  const rate = learningRate / (1 - beta1 ** step);
  const root = Math.sqrt(1 - beta2 ** step);
  for (const { name, decay } of trainables) {
    const moments = state.get(name);
    if (!moments) throw new Error(`internal: no optimizer state for "${name}".`);
    const { parameter, first, second } = moments;
    const gradient = gradients(name);
    const keep = 1 - (decay ? learningRate * weightDecay : 0);
    for (let i = 0; i < parameter.length; i++) {
      const g = gradient[i] as number;
      const m = beta1 * (first[i] as number) + (1 - beta1) * g;
      const v = beta2 * (second[i] as number) + (1 - beta2) * g * g;
      first[i] = m;
      second[i] = v;
      parameter[i] = (parameter[i] as number) * keep - (rate * m) / (Math.sqrt(v) / root + epsilon);
    }
  }
}

/** √Σg² over all gradients, and the factor that brings it down to `limit` (1 where it is below, or no limit is set). */
export function clipFactor(
  gradients: Iterable<Float32Array>,
  limit: number,
): { norm: number; factor: number } {
  let total = 0;
  for (const gradient of gradients) for (const g of gradient) total += g * g;
  const norm = Math.sqrt(total);
  // PyTorch's clip_grad_norm_ adds 1e-6 to the norm.
  return { norm, factor: limit > 0 && norm > limit ? limit / (norm + 1e-6) : 1 };
}
