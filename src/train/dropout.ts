/** How much each block's residual branches are dropped, and the masks that do it. */

import type { Arrays } from "../engine/engine.ts";
import { sizeOf } from "../formats/tensor.ts";
import type { InputValue } from "../graph/value.ts";
import { randomStream } from "../random.ts";

/** From 0 in the first block to `rate` in the last, evenly: torch.linspace(0, rate, depth), as timm and the official code. */
export const dropRates = (rate: number, depth: number): number[] =>
  Array.from({ length: depth }, (_, block) => (depth > 1 ? (rate * block) / (depth - 1) : 0));

/**
 * Masks, the same for the same seed and place: 0 where dropped, 1 / (1 - rate) elsewhere. `buffer` gives the memory to fill,
 * by the name of the mask's input.
 */
export function drawMasks(
  masks: readonly { readonly input: InputValue; readonly rate: number }[],
  {
    seed,
    place,
    buffer,
  }: {
    readonly seed: number;
    readonly place: readonly number[];
    readonly buffer?: (name: string) => Float32Array;
  },
): Arrays {
  const drawn = masks.map(({ input, rate }) => {
    const mask = buffer?.(input.name) ?? new Float32Array(sizeOf(input.shape));
    return [input.name, randomStream(seed, input.name, ...place).fillMask(mask, rate)] as const;
  });
  return Object.fromEntries(drawn);
}
