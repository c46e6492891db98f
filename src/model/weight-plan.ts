/** Finds every weight of a plain ViT among the tensors of a source, and checks that each has the shape it needs. */

import { FileError } from "../errors.ts";
import { renderShape, type Shape, sameShape } from "../formats/tensor.ts";
import { sizeAlong } from "../graph/shapes.ts";
import { needed } from "../needed.ts";
import { headShapes } from "./backbone.ts";
import type { Moved, PlanOptions, SourceShapes, WeightPlan } from "./family.ts";
import { blockName, type Found, findScheme, outerName, shortList } from "./find-scheme.ts";
import { type Measured, measure, type PlanHints } from "./measure-source.ts";
import type { NamingScheme, Row, SourceSizes } from "./naming-scheme.ts";
import { ignorableKind, refuseUnsupported } from "./unsupported-tensors.ts";
import { vit } from "./vit.ts";

export interface VitPlan extends WeightPlan {
  readonly scheme: NamingScheme;
  readonly sizes: SourceSizes;
}

/** Our names and shapes, in the order of our files. The grid of the positions is unknown yet; one row of patches has as many. */
function plannedShapes(sizes: SourceSizes): ReadonlyMap<string, Shape> {
  const { patchSize, tokens } = sizes;
  const config = {
    heads: 1,
    layerNormEps: 0,
    ...sizes,
    imageSize: [patchSize, (tokens - 1) * patchSize],
  } as const;
  const backbone = vit(config);
  return new Map([...backbone.shapes, ...(config.classes > 0 ? headShapes(backbone, config.classes) : [])]);
}

/** A row of a scheme with full names, ours and theirs. */
interface Placed {
  readonly ours: string;
  readonly theirs: string;
  readonly row: Row;
  /** Their full name of the layer scale, where there is one. */
  readonly scaledBy?: string;
}

function* placedRows(
  found: Found,
  tensors: SourceShapes,
  { sizes, patchesOnly }: Measured,
): Generator<Placed> {
  for (const row of found.scheme.outer)
    if (sizes.classes > 0 || !row.ours.startsWith("head.")) {
      const inForm = patchesOnly && row.ours === "position" ? withoutClassRow(row) : row;
      yield { ours: row.ours, theirs: outerName(found, row, tensors), row: inForm };
    }
  for (let block = 0; block < sizes.depth; block++)
    for (const row of found.scheme.block) {
      const scale = row.scaledBy === undefined ? undefined : blockName(found, block, row.scaledBy);
      const placed = {
        ours: `blocks.${block}.${row.ours}`,
        theirs: blockName(found, block, row.theirs),
        row,
      };
      yield scale !== undefined && tensors.has(scale) ? { ...placed, scaledBy: scale } : placed;
    }
}

const withoutClassRow = (row: Row): Row => ({
  ...row,
  form: "patches",
  shape: ({ tokens, width }) => [1, tokens - 1, width],
});

/** A layer scale has one number for each output. */
function checkScale(
  { scaledBy }: Placed,
  tensors: SourceShapes,
  { width, where }: { readonly width: number; readonly where: string },
): void {
  const shape = scaledBy === undefined ? undefined : tensors.get(scaledBy)?.shape;
  if (shape !== undefined && !sameShape(shape, [width]))
    throw new FileError(
      `${where}: tensor ${JSON.stringify(scaledBy)} has shape ${renderShape(shape)}; this model needs ${renderShape([width])}.`,
    );
}

/** Their shape of a row: given, or ours; three times the rows where q, k and v are fused. */
function sourceShape({ row, ours }: Placed, sizes: SourceSizes, shapes: ReadonlyMap<string, Shape>): Shape {
  const shape = row.shape?.(sizes) ?? needed(shapes.get(ours), `shape of ${ours}`);
  if (row.part === undefined) return shape;
  return [3 * sizeAlong(shape, 0), ...shape.slice(1)];
}

const isAttentionBias = (ours: string): boolean => /\.[qkv]\.bias$/.test(ours);

function refuseUnexpected(extra: readonly string[], where: string): void {
  if (extra.length === 0) return;
  const count = extra.length === 1 ? "one tensor is" : `${extra.length} tensors are`;
  throw new FileError(
    `${where}: ${count} not part of a plain ViT: ${shortList(extra)}. Only plain ViTs can be read.`,
  );
}

/** Old in21k files of Google put a tanh layer before the head; without it their head means nothing. */
const hasPreLogits = (tensors: SourceShapes): boolean =>
  [...tensors.keys()].some((name) => /(^|\/)pre_logits[./]/.test(name));

/** How the tensors of a Vision Transformer become ours; nothing where there is none among them. */
export function planVit(
  tensors: SourceShapes,
  { where, hints = {} }: Omit<PlanOptions, "hints"> & { readonly hints?: PlanHints | undefined },
): VitPlan | undefined {
  refuseUnsupported(tensors.keys(), where);
  const found = findScheme(tensors, where);
  if (found === undefined) return undefined;
  const measured = measure(found, tensors, { where, hints });
  const dropHead = measured.sizes.classes > 0 && hasPreLogits(tensors);
  const sizes = dropHead ? { ...measured.sizes, classes: 0 } : measured.sizes;
  const shapes = plannedShapes(sizes);

  const placed = [...placedRows(found, tensors, { ...measured, sizes })];
  const biasless = placed.every(({ ours, theirs }) => !isAttentionBias(ours) || !tensors.has(theirs));
  const origins = new Map<string, Moved | undefined>();
  for (const place of placed) {
    const isZero = biasless && isAttentionBias(place.ours) && !tensors.has(place.theirs);
    origins.set(place.ours, isZero ? undefined : originOf(place, tensors, { sizes, shapes, where }));
  }

  const used = new Set([...origins.values()].flatMap((origin) => [origin?.source, origin?.scaledBy]));
  const unused = [...tensors.keys()].filter((name) => !used.has(name));
  const isDroppedHead = (name: string): boolean => dropHead && /(^|\/)head[./]/.test(name);
  refuseUnexpected(
    unused.filter((name) => ignorableKind(name) === undefined && !isDroppedHead(name)),
    where,
  );
  const kinds = new Set(unused.flatMap((name) => ignorableKind(name) ?? []));
  const notes = [...kinds].map((kind) => `Ignored ${kind}.`);
  if (dropHead) notes.push("Ignored the head, which works only behind pre_logits.");
  if (biasless) notes.push("q, k and v have no biases; zeros take their place.");
  if (measured.patchesOnly) notes.push("The positions have no row for CLS; zeros take its place.");
  const ordered = new Map([...shapes.keys()].map((ours) => [ours, origins.get(ours)]));
  return {
    ...{ title: found.scheme.title, scheme: found.scheme, sizes, shapes, origins: ordered },
    ...{ classes: sizes.classes, notes },
  };
}

interface OriginChecks {
  readonly sizes: SourceSizes;
  readonly shapes: ReadonlyMap<string, Shape>;
  readonly where: string;
}

/** Where a row's tensor is, which must exist in its shape. */
function originOf(place: Placed, tensors: SourceShapes, { sizes, shapes, where }: OriginChecks): Moved {
  const { theirs, row, scaledBy } = place;
  const actual = tensors.get(theirs)?.shape;
  if (actual === undefined) throw new FileError(`${where}: tensor ${JSON.stringify(theirs)} is missing.`);
  const expected = sourceShape(place, sizes, shapes);
  if (!sameShape(actual, expected))
    throw new FileError(
      `${where}: tensor ${JSON.stringify(theirs)} has shape ${renderShape(actual)}; this model needs ${renderShape(expected)}.`,
    );
  checkScale(place, tensors, { width: sizes.width, where });
  return {
    source: theirs,
    form: row.form,
    ...(row.part === undefined ? {} : { part: row.part }),
    ...(scaledBy === undefined ? {} : { scaledBy }),
  };
}
