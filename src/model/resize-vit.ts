/** A Vision Transformer for images of another size: its positions are interpolated. */

import type { Tensor, Weight, Weights } from "../formats/tensor.ts";
import { sizeAlong } from "../graph/shapes.ts";
import type { Resized, ResizeOptions } from "./family.ts";
import { checkImageSize, gridOf } from "./model-hints.ts";
import { interpolatePosition, type PositionMethod, resampleRows } from "./position.ts";
import { leadingTokens, type VitConfig } from "./vit-config.ts";

type Grid = readonly [rows: number, columns: number];

interface Grids {
  readonly from: Grid;
  readonly to: Grid;
  readonly method: PositionMethod;
}

/** transformers' DINOv2 without registers, which alone has this pooling, does not antialias; all others here do. */
const ownMethod = ({ pool, registers }: VitConfig): PositionMethod =>
  pool === "cls+mean" && registers === undefined ? "bicubic-aliased" : "bicubic";

export async function resizeVit(
  { config, weights }: { readonly config: VitConfig; readonly weights: Weights },
  { imageSize, method = ownMethod(config), read }: ResizeOptions,
): Promise<Resized<VitConfig>> {
  const size = checkImageSize(imageSize, config.patchSize);
  const from = gridOf(config.imageSize, config.patchSize);
  const to = gridOf(size, config.patchSize);
  const resized = { ...config, imageSize: size };
  if (from[0] === to[0] && from[1] === to[1]) return { config: resized, weights, notes: [] };
  const stored = new Map<string, Weight>();
  const made = new Map<string, Tensor>();
  for (const [name, weight] of weights) {
    if (name !== "position" && !name.endsWith(".relative")) continue;
    const [tensor, grids] = [await read(weight), { from, to, method }];
    stored.set(name, weight);
    const leading = leadingTokens(config);
    made.set(
      name,
      name === "position" ? interpolatePosition(tensor, { ...grids, leading }) : distancesOf(tensor, grids),
    );
  }
  if (stored.size === 0) return { config: resized, weights, notes: [] };
  const what = stored.has("position") ? "Positions were" : "Biases of distances were";
  return {
    config: resized,
    weights: new Map([...weights, ...made]),
    stored,
    notes: [`${what} interpolated from ${from.join(" x ")} to ${to.join(" x ")} patches (${method}).`],
  };
}

/** A table of distances [(2·rows - 1)·(2·columns - 1) + 3, heads]; its last three rows, of CLS, stay. */
function distancesOf(table: Tensor, { from, to, method }: Grids): Tensor {
  const heads = sizeAlong(table.shape, 1);
  const distances = ([rows, columns]: Grid): Grid => [2 * rows - 1, 2 * columns - 1];
  const end = table.data.length - 3 * heads;
  const grids = { from: distances(from), to: distances(to), method };
  const resampled = resampleRows(table.data.subarray(0, end), heads, grids);
  const data = new Float32Array(resampled.length + 3 * heads);
  data.set(resampled);
  data.set(table.data.subarray(end), resampled.length);
  return { shape: [data.length / heads, heads], data };
}
