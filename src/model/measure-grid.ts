/** How many patches a source was stored for: by its positions, by its distances, or as its configuration says. */

import { FileError } from "../errors.ts";
import { sizeAlong } from "../graph/shapes.ts";
import type { SourceReader } from "./measure-source.ts";
import { relativeRows } from "./relative-bias.ts";
import { leadingTokens, type VitConfig, type VitVariations } from "./vit-config.ts";

/** What a configuration says about the images, where the positions alone leave it open. */
export type GridHints = Pick<Partial<VitConfig>, "imageSize">;

interface Grid {
  /** Tokens with positions. */
  readonly tokens: number;
  readonly patchesOnly: boolean;
  readonly relativeRows?: number;
  readonly heads?: number;
}

interface Parts {
  readonly patchSize: number;
  readonly hints: GridHints;
  readonly variations: VitVariations;
}

/** Where neither tensors nor a configuration say: what nearly all are trained for. */
export const usualSide = 224;

export function measureGrid(reader: SourceReader, parts: Parts): Grid {
  const { patchSize, hints, variations } = parts;
  const leading = leadingTokens(variations);
  const table = variations.relativeBias ? reader.shapeOf("relative", 2) : undefined;
  const ofTable = table && { relativeRows: sizeAlong(table, 0), heads: sizeAlong(table, 1) };
  if (variations.absolutePositions !== false) return { ...ofPositions(reader, parts), ...ofTable };
  if (ofTable === undefined) {
    const [height, width] = hints.imageSize ?? [usualSide, usualSide];
    const patches = Math.floor(height / patchSize) * Math.floor(width / patchSize);
    return { tokens: leading + patches, patchesOnly: false };
  }
  const [rows, columns] = gridOfDistances(reader, { rows: ofTable.relativeRows, patchSize, hints });
  return { tokens: leading + rows * columns, patchesOnly: false, ...ofTable };
}

function ofPositions(reader: SourceReader, { patchSize, hints, variations }: Parts): Grid {
  const row = reader.rows.outer.get("position")?.row;
  const axes = row?.shape ? 2 : 3;
  const rows = sizeAlong(reader.shapeOf("position", axes), axes - 2);
  const leading = leadingTokens(variations);
  const areOfPatches = (others: number) =>
    reader.found.scheme.separator === "." && arePatchesAlone(rows, { others, patchSize, hints });
  if (leading === 0 && !areOfPatches(1))
    throw new FileError(`${reader.where}: tensor ${JSON.stringify(reader.nameOf("cls"))} is missing.`);
  const patchesOnly = leading > 0 && areOfPatches(leading);
  return { tokens: patchesOnly ? rows + leading : rows, patchesOnly };
}

/** Whether positions are those of the patches, without `others`: by the image size, else where only then the grid can be a square. */
function arePatchesAlone(
  rows: number,
  {
    others,
    patchSize,
    hints: { imageSize },
  }: Pick<Parts, "patchSize" | "hints"> & { readonly others: number },
): boolean {
  const patches = imageSize && Math.floor(imageSize[0] / patchSize) * Math.floor(imageSize[1] / patchSize);
  if (patches === rows || patches === rows - others) return patches === rows;
  const isSquare = (count: number) => count > 0 && Number.isInteger(Math.sqrt(count));
  return isSquare(rows) && !isSquare(rows - others);
}

/** The grid of patches that has so many distances: that of the image size, else a square. */
function gridOfDistances(
  { where, nameOf }: SourceReader,
  { rows, patchSize, hints: { imageSize } }: Pick<Parts, "patchSize" | "hints"> & { readonly rows: number },
): readonly [number, number] {
  const side = (Math.sqrt(rows - 3) + 1) / 2;
  const grid = imageSize
    ? ([Math.floor(imageSize[0] / patchSize), Math.floor(imageSize[1] / patchSize)] as const)
    : ([side, side] as const);
  if (!Number.isInteger(grid[0]) || relativeRows(grid) !== rows)
    throw new FileError(
      `${where}: tensor ${JSON.stringify(nameOf("relative"))} has ${rows} rows, which ${imageSize ? `images of ${imageSize.join(" x ")} pixels do not have` : "no square of patches has"}.`,
    );
  return grid;
}
