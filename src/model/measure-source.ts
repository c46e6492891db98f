/** What the names and shapes of a source's tensors imply: sizes, and in what the model differs from the plain ViT. */

import { FileError } from "../errors.ts";
import { renderShape, type Shape } from "../formats/tensor.ts";
import { sizeAlong } from "../graph/shapes.ts";
import { limits } from "../limits.ts";
import { needed } from "../needed.ts";
import { type ChosenRows, chooseRows } from "./chosen-rows.ts";
import type { SourceShapes } from "./family.ts";
import { blockName, type Found, outerName } from "./find-scheme.ts";
import { type GridHints, measureGrid } from "./measure-grid.ts";
import { measureVariations } from "./measure-variations.ts";
import type { SourceSizes } from "./naming-scheme.ts";
import { sourceShape } from "./source-shape.ts";
import type { VitConfig, VitVariations } from "./vit-config.ts";

const MAX_DEPTH = limits.MAX_BLOCKS.value;

/** How many blocks have names that begin with `root` and a number. */
export function countBlocks(root: string, tensors: SourceShapes): number {
  let depth = 0;
  for (const name of tensors.keys()) {
    if (!name.startsWith(root)) continue;
    const digits = /^\d{1,6}(?=[./])/.exec(name.slice(root.length, root.length + 8))?.[0];
    if (digits !== undefined) depth = Math.max(depth, Number(digits) + 1);
  }
  return depth;
}

/** Asks for tensors of a source by our names. */
export interface SourceReader {
  readonly found: Found;
  readonly rows: ChosenRows;
  readonly where: string;
  /** Whether there is one; of a block's, whether any block has it. */
  readonly has: (ours: string) => boolean;
  /** Their full name; of a block's in the first block. */
  readonly nameOf: (ours: string) => string;
  /** The shape of a tensor that must exist and have `axes` axes. */
  readonly shapeOf: (ours: string, axes: number) => Shape;
}

function readerOf(found: Found, tensors: SourceShapes, where: string): SourceReader {
  const depth = countBlocks(found.prefix + found.scheme.blockRoot, tensors);
  if (depth > MAX_DEPTH)
    throw new FileError(`${where}: it claims ${depth} blocks; at most ${MAX_DEPTH} are allowed.`);
  const rows = chooseRows(found, tensors, { depth });
  const rowOf = (ours: string) => rows.block.get(ours) ?? rows.outer.get(ours);
  const nameOf = (ours: string): string => {
    const { row } = needed(rowOf(ours), `row ${ours}`);
    return rows.block.has(ours) ? blockName(found, 0, row.theirs) : outerName(found, row, tensors);
  };
  const shapeOf = (ours: string, axes: number): Shape => sourceShape({ tensors, where }, nameOf(ours), axes);
  return { found, rows, where, has: (ours) => rowOf(ours)?.present ?? false, nameOf, shapeOf };
}

/** What a configuration says that decides which tensors are needed. */
export type PlanHints = GridHints &
  Pick<VitConfig, "pool"> & {
    /** Whether what stands where a head does is the projection to the space of texts. */
    readonly headProjects?: boolean;
  };

export interface Measured {
  readonly sizes: SourceSizes;
  readonly variations: VitVariations;
  readonly rows: ChosenRows;
  /** Whether the position embedding has no row for CLS. */
  readonly patchesOnly: boolean;
  /** Rows of the tables of relative positions, where there are some. */
  readonly relativeRows?: number;
}

/** Sizes from the tensors that every scheme has. */
export function measure(
  found: Found,
  tensors: SourceShapes,
  { where, hints }: { readonly where: string; readonly hints: PlanHints },
): Measured {
  const { scheme } = found;
  const reader = readerOf(found, tensors, where);
  const { has, nameOf, shapeOf } = reader;
  const depth = countBlocks(found.prefix + scheme.blockRoot, tensors);
  const patchShape = shapeOf("patch.weight", scheme.measure.patchAxes);
  const { width, patchSize } = scheme.measure.patch(patchShape);
  if (width < 1 || !Number.isInteger(patchSize) || patchSize < 1)
    throw new FileError(
      `${where}: tensor ${JSON.stringify(nameOf("patch.weight"))} has shape ${renderShape(patchShape)}; square patches of three channels are needed.`,
    );
  const parts = reader.rows.block.get("fc1.weight")?.row.parts ?? 1;
  const mlpWidth = scheme.measure.mlpWidth(shapeOf("fc1.weight", 2)) / parts;
  const heads = scheme.measure.heads?.(shapeOf("q.weight", 3)) ?? scheme.measure.headsOfWidth?.(width);
  const hasHead = has("head.weight") || has("head.bias");
  const classes = hasHead ? sizeAlong(shapeOf("head.bias", 1), 0) : 0;
  const variations = measureVariations(reader, { tensors, hints, width });
  const grid = measureGrid(reader, { patchSize, hints, variations });
  const ofTable = grid.heads ?? heads;
  if (ofTable !== undefined && (ofTable < 1 || width % ofTable !== 0))
    throw new FileError(`${where}: ${ofTable} heads do not divide the width of ${width}.`);
  const { tokens, patchesOnly, relativeRows } = grid;
  return {
    sizes: { width, patchSize, depth, mlpWidth, classes, tokens, ...(ofTable && { heads: ofTable }) },
    ...{ variations, rows: reader.rows, patchesOnly },
    ...(relativeRows !== undefined && { relativeRows }),
  };
}
