/** The names and shapes of a ViT's weights, from its sizes alone. */

import type { Shape } from "../formats/tensor.ts";
import type { VitConfig } from "./model.ts";
import { tokensOf } from "./vit.ts";

/** Every weight of the backbone, without the head, in the order a picture passes them. */
export function backboneShapes(config: VitConfig): Map<string, Shape> {
  const { width, mlpWidth, patchSize, depth } = config;
  const shapes = new Map<string, Shape>([
    ["patch.weight", [width, 3 * patchSize * patchSize]],
    ["patch.bias", [width]],
    ["cls", [1, 1, width]],
    ["position", [1, tokensOf(config), width]],
  ]);
  const dense = (name: string, out: number, into: number) =>
    shapes.set(`${name}.weight`, [out, into]).set(`${name}.bias`, [out]);
  const norm = (name: string) => shapes.set(`${name}.weight`, [width]).set(`${name}.bias`, [width]);
  for (let i = 0; i < depth; i++) {
    norm(`blocks.${i}.norm1`);
    for (const name of ["q", "k", "v", "o"]) dense(`blocks.${i}.${name}`, width, width);
    norm(`blocks.${i}.norm2`);
    dense(`blocks.${i}.fc1`, mlpWidth, width);
    dense(`blocks.${i}.fc2`, width, mlpWidth);
  }
  norm("norm");
  return shapes;
}

/** The head's weights. */
export const headShapes = ({ width }: VitConfig, classes: number): Map<string, Shape> =>
  new Map([
    ["head.weight", [classes, width]],
    ["head.bias", [classes]],
  ]);
