/** Finds every weight of a plain ViT among the tensors of a source, and checks that each has the shape it needs. */

import { FileError } from "../errors.ts";
import { renderShape, type Shape, sameShape } from "../formats/tensor.ts";
import { sizeAlong } from "../graph/shapes.ts";
import { limits } from "../limits.ts";
import { needed } from "../needed.ts";
import { modelShapes } from "./architectures.ts";
import { namingSchemes } from "./names.ts";
import type { Form, NamingScheme, Row, SourceSizes } from "./naming-scheme.ts";
import { ignorableKind, refuseUnsupported } from "./unsupported-tensors.ts";

/** Where one of our weights comes from. */
export interface Origin {
  readonly source: string;
  readonly form: Form;
  readonly part?: number;
}

export interface WeightPlan {
  readonly scheme: NamingScheme;
  readonly sizes: SourceSizes;
  /** By our names; `undefined` is a bias that the model lacks: zeros. */
  readonly origins: ReadonlyMap<string, Origin | undefined>;
  readonly notes: readonly string[];
}

/** Our names and shapes, in the order of our files. The grid of the positions is unknown yet; one row of patches has as many. */
export function plannedShapes(sizes: SourceSizes): ReadonlyMap<string, Shape> {
  const { patchSize, tokens } = sizes;
  const config = {
    heads: 1,
    layerNormEps: 0,
    ...sizes,
    imageSize: [patchSize, (tokens - 1) * patchSize],
  } as const;
  return modelShapes(config);
}

/** The shapes of a source's tensors by name. */
export type SourceShapes = ReadonlyMap<string, { readonly shape: Shape }>;

const MAX_DEPTH = limits.MAX_BLOCKS.value;

interface Found {
  readonly scheme: NamingScheme;
  readonly prefix: string;
}

const shortList = (names: readonly string[]): string =>
  names
    .slice(0, 4)
    .map((name) => JSON.stringify(name))
    .join(", ") + (names.length > 4 ? ", …" : "");

/** Their name of a weight that every scheme has. */
const rowNamed = (rows: readonly Row[], ours: string): Row =>
  needed(
    rows.find((row) => row.ours === ours),
    `row ${ours}`,
  );
const patchOf = (scheme: NamingScheme): string => rowNamed(scheme.outer, "patch.weight").theirs;
const attentionOf = (scheme: NamingScheme): string => rowNamed(scheme.block, "q.weight").theirs;

function findScheme(tensors: SourceShapes, where: string): Found {
  const names = [...tensors.keys()];
  for (const scheme of namingSchemes)
    for (const prefix of scheme.prefixes) {
      const block = `${prefix}${scheme.blockRoot}`;
      const attention = `${scheme.separator}${attentionOf(scheme)}`;
      if (!tensors.has(prefix + patchOf(scheme))) continue;
      if (names.some((name) => name.startsWith(block) && name.endsWith(attention))) return { scheme, prefix };
    }
  throw new FileError(
    `${where}: no Vision Transformer was found in its ${names.length} tensors (${shortList(names)}). Known are the names of ${namingSchemes.map(({ title }) => title).join(", ")}.`,
  );
}

/** Names of heads stand outside the prefix of the body in Hugging Face's files. */
const outerName = ({ scheme, prefix }: Found, row: Row): string =>
  scheme.separator === "." && row.ours.startsWith("head.") ? row.theirs : prefix + row.theirs;

const blockName = ({ scheme, prefix }: Found, block: number, theirs: string): string =>
  `${prefix}${scheme.blockRoot}${block}${scheme.separator}${theirs}`;

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

function measure(found: Found, tensors: SourceShapes, where: string): SourceSizes {
  const { scheme } = found;
  const depth = countBlocks(found, tensors);
  if (depth > MAX_DEPTH)
    throw new FileError(`${where}: it claims ${depth} blocks; at most ${MAX_DEPTH} are allowed.`);
  const outer = (ours: string): string => outerName(found, rowNamed(scheme.outer, ours));
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
  const heads = scheme.measure.heads?.(shapeOf(ofBlock("q.weight"), { tensors, axes: 3, where }));
  const hasHead = tensors.has(outer("head.weight")) || tensors.has(outer("head.bias"));
  const classes = hasHead ? sizeAlong(shapeOf(outer("head.bias"), { tensors, axes: 1, where }), 0) : 0;
  if (heads !== undefined && (heads < 1 || width % heads !== 0))
    throw new FileError(`${where}: ${heads} heads do not divide the width of ${width}.`);
  return {
    width,
    patchSize,
    depth,
    mlpWidth,
    classes,
    tokens: sizeAlong(position, 1),
    ...(heads && { heads }),
  };
}

/** A row of a scheme with full names, ours and theirs. */
interface Placed {
  readonly ours: string;
  readonly theirs: string;
  readonly row: Row;
}

function* placedRows(found: Found, sizes: SourceSizes): Generator<Placed> {
  for (const row of found.scheme.outer)
    if (sizes.classes > 0 || !row.ours.startsWith("head."))
      yield { ours: row.ours, theirs: outerName(found, row), row };
  for (let block = 0; block < sizes.depth; block++)
    for (const row of found.scheme.block)
      yield { ours: `blocks.${block}.${row.ours}`, theirs: blockName(found, block, row.theirs), row };
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

/** Plans how `tensors` become our weights. `where` names the source in messages. */
export function planWeights(tensors: SourceShapes, where: string): WeightPlan {
  refuseUnsupported(tensors.keys(), where);
  const found = findScheme(tensors, where);
  const measured = measure(found, tensors, where);
  const dropHead = measured.classes > 0 && hasPreLogits(tensors);
  const sizes = dropHead ? { ...measured, classes: 0 } : measured;
  const shapes = plannedShapes(sizes);

  const placed = [...placedRows(found, sizes)];
  const biasless = placed.every(({ ours, theirs }) => !isAttentionBias(ours) || !tensors.has(theirs));
  const origins = new Map<string, Origin | undefined>();
  const used = new Set<string>();
  for (const place of placed) {
    const { ours, theirs, row } = place;
    const actual = tensors.get(theirs)?.shape;
    if (actual === undefined && biasless && isAttentionBias(ours)) {
      origins.set(ours, undefined);
      continue;
    }
    if (actual === undefined) throw new FileError(`${where}: tensor ${JSON.stringify(theirs)} is missing.`);
    const needed = sourceShape(place, sizes, shapes);
    if (!sameShape(actual, needed))
      throw new FileError(
        `${where}: tensor ${JSON.stringify(theirs)} has shape ${renderShape(actual)}; this model needs ${renderShape(needed)}.`,
      );
    used.add(theirs);
    origins.set(ours, {
      source: theirs,
      form: row.form,
      ...(row.part === undefined ? {} : { part: row.part }),
    });
  }

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
  const ordered = new Map([...shapes.keys()].map((ours) => [ours, origins.get(ours)]));
  return { scheme: found.scheme, sizes, origins: ordered, notes };
}
