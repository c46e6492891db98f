/** A Vision Transformer for images of another size: its positions are interpolated. */

import type { Weights } from "../formats/tensor.ts";
import type { Resized, ResizeOptions } from "./family.ts";
import { checkImageSize, gridOf } from "./model-hints.ts";
import { interpolatePosition } from "./position.ts";
import type { VitConfig } from "./vit.ts";

export async function resizeVit(
  { config, weights }: { readonly config: VitConfig; readonly weights: Weights },
  { imageSize, method, read }: ResizeOptions,
): Promise<Resized<VitConfig>> {
  const size = checkImageSize(imageSize, config.patchSize);
  const from = gridOf(config.imageSize, config.patchSize);
  const to = gridOf(size, config.patchSize);
  const position = weights.get("position");
  if (position === undefined || (from[0] === to[0] && from[1] === to[1]))
    return { config: { ...config, imageSize: size }, weights, notes: [] };
  const interpolated = interpolatePosition(await read(position), { from, to, method });
  return {
    config: { ...config, imageSize: size },
    weights: new Map([...weights, ["position", interpolated]]),
    stored: new Map([["position", position]]),
    notes: [`Positions were interpolated from ${from.join(" x ")} to ${to.join(" x ")} patches (${method}).`],
  };
}
