/** Finds every weight of a Vision Transformer among the tensors of a source, and checks that each has the shape it needs. */

import { FileError } from "../errors.ts";
import { renderShape, type Shape, sameShape } from "../formats/tensor.ts";
import { sizeAlong } from "../graph/shapes.ts";
import { needed } from "../needed.ts";
import { headShapes } from "./backbone.ts";
import type { Moved, Origin, PlanOptions, SourceShapes, WeightPlan } from "./family.ts";
import { blockName, type Found, findScheme, outerName, shortList } from "./find-scheme.ts";
import { type Measured, measure, type PlanHints } from "./measure-source.ts";
import type { NamingScheme, Row, SourceSizes } from "./naming-scheme.ts";
import { secondHeadOrigins } from "./second-head.ts";
import { ignorableKind, refuseUnsupported } from "./unsupported-tensors.ts";
import { vit } from "./vit.ts";
import { leadingTokens, type VitVariations } from "./vit-config.ts";

export interface VitPlan extends WeightPlan {
  readonly scheme: NamingScheme;
  readonly sizes: SourceSizes;
  readonly variations: VitVariations;
}

/** Our names and shapes, in the order of our files. The grid of the patches is unknown yet; one row of them has as many. */
function plannedShapes({ sizes, variations, relativeRows }: Measured): ReadonlyMap<string, Shape> {
  const { patchSize, tokens, heads = 1 } = sizes;
  const backbone = vit({
    ...{ ...sizes, ...variations, heads, layerNormEps: 0 },
    imageSize: [patchSize, (tokens - leadingTokens(variations)) * patchSize],
  });
  const shapes = new Map([
    ...backbone.shapes,
    ...(sizes.classes > 0 ? headShapes(backbone, sizes.classes) : []),
  ]);
  if (relativeRows !== undefined)
    for (const name of shapes.keys()) if (name.endsWith(".relative")) shapes.set(name, [relativeRows, heads]);
  return shapes;
}

/** A row of a scheme with full names, ours and theirs. */
interface Placed {
  readonly ours: string;
  readonly theirs: string;
  readonly row: Row;
  /** Whether the source has it in any block. */
  readonly present: boolean;
  /** Their full name of the layer scale, where there is one. */
  readonly scaledBy?: string;
}

function* placedRows(
  found: Found,
  tensors: SourceShapes,
  { sizes, variations, rows, patchesOnly }: Measured,
): Generator<Placed> {
  for (const [ours, { row, present }] of rows.outer) {
    const inForm = patchesOnly && ours === "position" ? withoutClassRow(row, leadingTokens(variations)) : row;
    yield { ours, theirs: outerName(found, row, tensors), row: inForm, present };
  }
  for (let block = 0; block < sizes.depth; block++)
    for (const [inBlock, { row, present }] of rows.block) {
      const scales = (row.scaledBy ?? []).map((theirs) => blockName(found, block, theirs));
      const scaledBy = scales.find((name) => tensors.has(name));
      const ours = `blocks.${block}.${inBlock}`;
      yield {
        ...{ ours, theirs: blockName(found, block, row.theirs), row, present },
        ...(scaledBy !== undefined && { scaledBy }),
      };
    }
}

const withoutClassRow = (row: Row, leading: number): Row => ({
  ...row,
  form: "patches",
  shape: ({ tokens, width }) => [1, tokens - leading, width],
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
  return [(row.parts ?? 3) * sizeAlong(shape, 0), ...shape.slice(1)];
}

/** Biases that some models lack in every block, and then are zeros. */
const mayLack = (ours: string): boolean => /\.[qkv]\.bias$|^patch\.bias$/.test(ours);

function sayZeros(zeros: readonly string[]): readonly string[] {
  const places = [...new Set(zeros.map((ours) => ours.split(".").at(-2) ?? ours))];
  const [first, ...more] = places;
  if (first === undefined) return [];
  const list =
    more.length === 0 ? `${first} has` : `${places.slice(0, -1).join(", ")} and ${more.at(-1)} have`;
  return [`${list} no biases; zeros take their place.`];
}

function refuseUnexpected(extra: readonly string[], where: string): void {
  if (extra.length === 0) return;
  const count = extra.length === 1 ? "one tensor is" : `${extra.length} tensors are`;
  throw new FileError(`${where}: ${count} not part of a known Vision Transformer: ${shortList(extra)}.`);
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
  const whyDropped = hints.headProjects
    ? "Ignored the projection to the space of texts, which stands where a head does."
    : hasPreLogits(tensors)
      ? "Ignored the head, which works only behind pre_logits."
      : undefined;
  const dropHead = measured.sizes.classes > 0 && whyDropped !== undefined;
  const sizes = dropHead ? { ...measured.sizes, classes: 0 } : measured.sizes;
  const shapes = plannedShapes({ ...measured, sizes });

  const origins = new Map<string, Origin | undefined>();
  const zeros: string[] = [];
  const twoHeads = measured.variations.pool === "cls+distillation" && sizes.classes > 0;
  for (const place of placedRows(found, tensors, measured)) {
    if (!shapes.has(place.ours) || (twoHeads && place.ours.startsWith("head."))) continue;
    if (!place.present && mayLack(place.ours)) zeros.push(place.ours);
    else origins.set(place.ours, originOf(place, tensors, { sizes, shapes, where }));
  }
  if (twoHeads)
    for (const [ours, origin] of secondHeadOrigins(found, tensors, { sizes, where }))
      origins.set(ours, origin);

  const used = new Set([...origins.values()].flatMap(sourcesOf));
  const unused = [...tensors.keys()].filter((name) => !used.has(name));
  const isDroppedHead = (name: string): boolean => dropHead && /(^|\/)head[./]/.test(name);
  const kindOf = (name: string) => ignorableKind(name) ?? unpooledKind(name, measured.variations);
  refuseUnexpected(
    unused.filter((name) => kindOf(name) === undefined && !isDroppedHead(name)),
    where,
  );
  const kinds = new Set(unused.flatMap((name) => kindOf(name) ?? []));
  const notes = [...kinds].map((kind) => `Ignored ${kind}.`);
  if (dropHead) notes.push(whyDropped);
  notes.push(...sayZeros(zeros));
  if (measured.patchesOnly) notes.push("The positions have no row for CLS; zeros take its place.");
  const ordered = new Map([...shapes.keys()].map((ours) => [ours, origins.get(ours)]));
  return {
    ...{ title: found.scheme.title, scheme: found.scheme, sizes, shapes, origins: ordered },
    ...{ variations: measured.variations, classes: sizes.classes, notes },
  };
}

const sourcesOf = (origin: Origin | undefined): readonly (string | undefined)[] =>
  origin === undefined ? [] : "compute" in origin ? origin.sources : [origin.source, origin.scaledBy];

/** Parts of an encoder that its classifier does not use. */
function unpooledKind(name: string, { pool, finalNorm }: VitVariations): string | undefined {
  if (
    pool !== "attention" &&
    /(^|\.)(attn_pool|head)\.(probe|latent|attention|layernorm|mlp|q|kv|proj|norm)\b/.test(name)
  )
    return "the attention pooling, which its classifier does not use";
  if (finalNorm === "none" && /(^|\.)post_layernorm\./.test(name))
    return "the last norm, which its classifier does not use";
  if (pool !== "cls+distillation" && /(^|\.)(head_dist|distillation_classifier)\./.test(name))
    return "the head of the distillation token";
  return undefined;
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
