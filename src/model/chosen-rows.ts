/** Which of a scheme's names a source has: one row for each of our tensors, the first whose tensor is there. */

import { sizeAlong } from "../graph/shapes.ts";
import type { SourceShapes } from "./family.ts";
import { blockName, type Found, outerName } from "./find-scheme.ts";
import type { Row } from "./naming-scheme.ts";

export interface ChosenRow {
  readonly row: Row;
  /** Whether the source has it; of a block's, whether any block has it. */
  readonly present: boolean;
}

export interface ChosenRows {
  /** By our names. */
  readonly outer: ReadonlyMap<string, ChosenRow>;
  /** By our names without `blocks.{i}.`. */
  readonly block: ReadonlyMap<string, ChosenRow>;
}

export function chooseRows(
  found: Found,
  tensors: SourceShapes,
  { depth }: { readonly depth: number },
): ChosenRows {
  const { outer, block } = found.scheme;
  const inBlock = new Set<string>();
  for (let index = 0; index < depth; index++)
    for (const { theirs } of block) if (tensors.has(blockName(found, index, theirs))) inBlock.add(theirs);
  const isPacked = packs(found, tensors);
  return {
    outer: choose(outer, (row) => tensors.has(outerName(found, row, tensors))),
    block: choose(
      block.filter(({ packed }) => packed === undefined || isPacked),
      ({ theirs }) => inBlock.has(theirs),
    ),
  };
}

function choose(rows: readonly Row[], has: (row: Row) => boolean): Map<string, ChosenRow> {
  const chosen = new Map<string, ChosenRow>();
  for (const row of rows) {
    const before = chosen.get(row.ours);
    if (before?.present) continue;
    const present = has(row);
    if (present || before === undefined) chosen.set(row.ours, { row, present });
  }
  return chosen;
}

/** Whether fc1 has twice the rows that fc2 has columns: then half of it is a gate. */
function packs(found: Found, tensors: SourceShapes): boolean {
  const shapeOf = (wanted: (row: Row) => boolean) =>
    found.scheme.block
      .filter(wanted)
      .map(({ theirs }) => tensors.get(blockName(found, 0, theirs))?.shape)
      .find((shape) => shape?.length === 2);
  const fc1 = shapeOf(({ ours, packed }) => ours === "fc1.weight" && packed === true);
  const fc2 = shapeOf(({ ours }) => ours === "fc2.weight");
  return fc1 !== undefined && fc2 !== undefined && sizeAlong(fc1, 0) === 2 * sizeAlong(fc2, 1);
}
