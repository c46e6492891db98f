/** The name and shape of every weight of a plain ViT, in the order in which files of our own hold them. */

import type { Shape } from "../formats/tensor.ts";
import type { VitConfig } from "./model.ts";

export interface WeightSizes
  extends Pick<VitConfig, "patchSize" | "width" | "depth" | "mlpWidth" | "classes"> {
  /** Rows of the position embedding: N+1. */
  readonly tokens: number;
}

/** Sizes of a model's weights: the tokens are the patches of its image, and CLS. */
export const weightSizes = (config: VitConfig): WeightSizes => {
  const [height, width] = config.imageSize.map((side) => Math.floor(side / config.patchSize)) as [
    number,
    number,
  ];
  return { ...config, tokens: height * width + 1 };
};

const pair = (name: string, weight: Shape): readonly (readonly [string, Shape])[] => [
  [`${name}.weight`, weight],
  [`${name}.bias`, weight.slice(0, 1)],
];

/** Names as in `Model`, with the shape of each. */
export function weightShapes(sizes: WeightSizes): ReadonlyMap<string, Shape> {
  const { patchSize, width, depth, mlpWidth, classes, tokens } = sizes;
  const blocks = Array.from({ length: depth }, (_, block) => [
    ...pair(`blocks.${block}.norm1`, [width]),
    ...["q", "k", "v", "o"].flatMap((name) => pair(`blocks.${block}.${name}`, [width, width])),
    ...pair(`blocks.${block}.norm2`, [width]),
    ...pair(`blocks.${block}.fc1`, [mlpWidth, width]),
    ...pair(`blocks.${block}.fc2`, [width, mlpWidth]),
  ]);
  return new Map<string, Shape>([
    ...pair("patch", [width, 3 * patchSize * patchSize]),
    ["cls", [1, 1, width]],
    ["position", [1, tokens, width]],
    ...blocks.flat(),
    ...pair("norm", [width]),
    ...(classes > 0 ? pair("head", [classes, width]) : []),
  ]);
}
