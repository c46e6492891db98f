/** The sizes that the shapes of a source's tensors imply. */

import { FileError } from "../errors.ts";
import { renderShape, type Shape } from "../formats/tensor.ts";
import { sizeAlong } from "../graph/shapes.ts";
import { limits } from "../limits.ts";
import type { SourceShapes } from "./family.ts";
import { blockName, type Found, outerName, rowNamed } from "./find-scheme.ts";
import type { SourceSizes } from "./naming-scheme.ts";
import type { VitConfig } from "./vit.ts";

const MAX_DEPTH = limits.MAX_BLOCKS.value;

function countBlocks(found: Found, tensors: SourceShapes): number {
  const root = found.prefix + found.scheme.blockRoot;
  let depth = 0;
  for (const name of tensors.keys()) {
    if (!name.startsWith(root)) continue;
    const digits = /^\d{1,6}(?=[./])/.exec(name.slice(root.length, root.length + 8))?.[0];
    if (digits !== undefined) depth = Math.max(depth, Number(digits) + 1);
  }
  return depth;
}

/** The shape of a tensor that must exist and have `axes` axes. */
function shapeOf(
  name: string,
  { tensors, axes, where }: { readonly tensors: SourceShapes; readonly axes: number; readonly where: string },
): Shape {
  const shape = tensors.get(name)?.shape;
  if (shape === undefined) throw new FileError(`${where}: tensor ${JSON.stringify(name)} is missing.`);
  if (shape.length !== axes)
    throw new FileError(
      `${where}: tensor ${JSON.stringify(name)} has shape ${renderShape(shape)}; ${axes} axes are needed.`,
    );
  return shape;
}

/** What a configuration says about the images, where the positions alone leave it open. */
export type PlanHints = Pick<Partial<VitConfig>, "imageSize">;

/** Whether the positions are those of the patches alone: by the image size, else where only then the grid can be a square. */
function lacksClassRow(rows: number, patchSize: number, { imageSize }: PlanHints): boolean {
  const patches = imageSize && Math.floor(imageSize[0] / patchSize) * Math.floor(imageSize[1] / patchSize);
  if (patches === rows || patches === rows - 1) return patches === rows;
  const isSquare = (count: number) => Number.isInteger(Math.sqrt(count));
  return isSquare(rows) && !isSquare(rows - 1);
}

export interface Measured {
  readonly sizes: SourceSizes;
  /** Whether the position embedding has no row for CLS. */
  readonly patchesOnly: boolean;
}

/** Sizes from the tensors that every scheme has. */
export function measure(
  found: Found,
  tensors: SourceShapes,
  { where, hints }: { readonly where: string; readonly hints: PlanHints },
): Measured {
  const { scheme } = found;
  const depth = countBlocks(found, tensors);
  if (depth > MAX_DEPTH)
    throw new FileError(`${where}: it claims ${depth} blocks; at most ${MAX_DEPTH} are allowed.`);
  const outer = (ours: string): string => outerName(found, rowNamed(scheme.outer, ours), tensors);
  const ofBlock = (ours: string): string => blockName(found, 0, rowNamed(scheme.block, ours).theirs);
  const patch = outer("patch.weight");
  const patchShape = shapeOf(patch, { tensors, axes: scheme.measure.patchAxes, where });
  const { width, patchSize } = scheme.measure.patch(patchShape);
  if (width < 1 || !Number.isInteger(patchSize) || patchSize < 1)
    throw new FileError(
      `${where}: tensor ${JSON.stringify(patch)} has shape ${renderShape(patchShape)}; square patches of three channels are needed.`,
    );
  const position = shapeOf(outer("position"), { tensors, axes: 3, where });
  const mlpWidth = scheme.measure.mlpWidth(shapeOf(ofBlock("fc1.weight"), { tensors, axes: 2, where }));
  const heads =
    scheme.measure.heads?.(shapeOf(ofBlock("q.weight"), { tensors, axes: 3, where })) ??
    scheme.measure.headsOfWidth?.(width);
  const hasHead = tensors.has(outer("head.weight")) || tensors.has(outer("head.bias"));
  const classes = hasHead ? sizeAlong(shapeOf(outer("head.bias"), { tensors, axes: 1, where }), 0) : 0;
  if (heads !== undefined && (heads < 1 || width % heads !== 0))
    throw new FileError(`${where}: ${heads} heads do not divide the width of ${width}.`);
  const rows = sizeAlong(position, 1);
  const patchesOnly = scheme.separator === "." && lacksClassRow(rows, patchSize, hints);
  const tokens = patchesOnly ? rows + 1 : rows;
  return {
    sizes: { width, patchSize, depth, mlpWidth, classes, tokens, ...(heads && { heads }) },
    patchesOnly,
  };
}
