/** Reads the text tower of a CLIP or SigLIP from the files of the whole model. */

import { dirname } from "node:path";
import { FileError } from "../errors.ts";
import { readJson } from "../files/read-json.ts";
import { renderShape, type Shape, sameShape, sizeOf, type Weight, type Weights } from "../formats/tensor.ts";
import { limits } from "../limits.ts";
import { convertOne } from "../model/convert-weights.ts";
import type { Moved } from "../model/family.ts";
import { enclosing, prefixesBefore } from "../model/find-scheme.ts";
import type { LocatedModel } from "../model/locate-model.ts";
import { countBlocks } from "../model/measure-source.ts";
import { storedWeight } from "../model/read-model.ts";
import { sourceShape } from "../model/source-shape.ts";
import { activationTitles } from "../model/vit-variations.ts";
import type { WeightSource } from "../model/weight-source.ts";
import { needed } from "../needed.ts";
import { parseTextHints, type TextHints } from "./text-hints.ts";
import { type TextScheme, textSchemes } from "./text-names.ts";
import { type TextConfig, textShapes } from "./text-tower.ts";
import { rowsOf } from "./token-table.ts";

export interface TextTower {
  /** Whose names it has: CLIP, SigLIP or OpenCLIP. */
  readonly title: string;
  readonly config: TextConfig;
  readonly weights: Weights;
  /** The folder that has its tokenizer. */
  readonly folder: string;
  /** The token that its configuration fills short texts up with. */
  readonly padding: number | undefined;
  /** Rows of the table of tokens: [tokens.length, width]. */
  readonly embed: (tokens: readonly number[]) => Promise<Float32Array>;
  readonly notes: readonly string[];
}

/** The tower whose tensors are in `source`; nothing where there is none. */
export async function readTextTower(
  { weights: paths, config: path }: LocatedModel,
  source: WeightSource,
): Promise<TextTower | undefined> {
  const [where = ""] = paths;
  const found = findTower(source);
  if (!found) return undefined;
  const hints = path === undefined ? {} : parseTextHints(await readJson(path), path);
  const { config, table } = measureTower(found, source, { where, hints });
  const weights = new Map<string, Weight>();
  for (const [ours, shape] of textShapes(config))
    weights.set(ours, await readOne(source, originOf(ours, found, source), { shape, where }));
  return {
    ...{ title: found.scheme.title, config, weights, folder: dirname(path ?? where) },
    padding: hints.padding,
    embed: (tokens) => rowsOf(source, { table, tokens, where }),
    notes: hints.heads === undefined ? [sayAssumed(config)] : [],
  };
}

const sayAssumed = ({ heads, activation, layerNormEps }: TextConfig): string =>
  `No config.json says what the text tower computes; assumed are ${activationTitles[activation]}, a layer-norm epsilon of ${layerNormEps} and ${heads} ${heads === 1 ? "head" : "heads"} (from the width).`;

interface Found {
  readonly scheme: TextScheme;
  readonly prefix: string;
  /** The full name of the projection. */
  readonly projection: string;
}

function findTower(source: WeightSource): Found | undefined {
  for (const scheme of textSchemes)
    for (const prefix of prefixesBefore(source, scheme.table))
      for (const before of enclosing(prefix)) {
        const projection = before + scheme.projection;
        if (source.has(projection) && (!scheme.hasBias || source.has(biasOf(projection))))
          return { scheme, prefix, projection };
      }
  return undefined;
}

const biasOf = (projection: string): string => projection.replace(/weight$/, "bias");

interface Measuring {
  readonly where: string;
  readonly hints: TextHints;
}

function measureTower(
  { scheme, prefix, projection }: Found,
  source: WeightSource,
  { where, hints }: Measuring,
): { readonly config: TextConfig; readonly table: string } {
  const matrix = (name: string) => matrixShape(source, name, where);
  const table = prefix + scheme.table;
  const [, width] = matrix(table);
  const [tokens] = matrix(prefix + scheme.position);
  const ends = matrix(projection);
  const root = prefix + scheme.blockRoot;
  const depth = countBlocks(root, source);
  if (depth < 1 || depth > limits.MAX_BLOCKS.value)
    throw new FileError(
      `${where}: its text tower claims ${depth} blocks; 1 to ${limits.MAX_BLOCKS.value} are allowed.`,
    );
  const fc1 = needed(
    scheme.block.find(({ ours }) => ours === "fc1.weight"),
    "row fc1.weight",
  );
  const [mlpWidth] = matrix(`${root}0.${fc1.theirs}`);
  const heads = hints.heads ?? width / 64;
  if (!Number.isInteger(heads) || width % heads !== 0)
    throw new FileError(
      `${where}: ${hints.heads === undefined ? "nothing tells the number of heads of its text tower" : `${heads} heads do not divide its text tower's width`}, whose width is ${width}. The config.json of the same model does.`,
    );
  const { layerNormEps = scheme.layerNormEps, activation = scheme.activation } = hints;
  const features = scheme.form === "same" ? ends[0] : ends[1];
  return {
    table,
    config: {
      width,
      depth,
      heads,
      mlpWidth,
      layerNormEps,
      activation,
      tokens,
      causal: scheme.causal,
      features,
    },
  };
}

function matrixShape(source: WeightSource, name: string, where: string): readonly [number, number] {
  const [rows = 0, columns = 0] = sourceShape({ tensors: source, where }, name, 2);
  return [rows, columns];
}

/** Where one of our tensors is; a projection without a bias has zeros. */
function originOf(
  ours: string,
  { scheme, prefix, projection }: Found,
  source: WeightSource,
): Moved | undefined {
  if (ours === "position") return { source: prefix + scheme.position, form: "same" };
  if (ours === "projection.weight") return { source: projection, form: scheme.form };
  if (ours === "projection.bias")
    return scheme.hasBias ? { source: biasOf(projection), form: "same" } : undefined;
  const [, outer] = /^norm\.(.*)$/.exec(ours) ?? [];
  if (outer) return { source: `${prefix}${scheme.norm}.${outer}`, form: "same" };
  const [, block = "", inside] = /^blocks\.(\d+)\.(.*)$/.exec(ours) ?? [];
  const rows = scheme.block.filter((row) => row.ours === inside);
  const theirs = rows.map(
    (row): Moved => ({
      source: `${prefix}${scheme.blockRoot}${block}.${row.theirs}`,
      form: row.form,
      ...(row.part !== undefined && { part: row.part }),
    }),
  );
  return theirs.find((origin) => source.has(origin.source)) ?? theirs[0];
}

/** Of one that lies transposed, or of one that holds q, k and v. */
function theirShape({ form, part }: Moved, shape: Shape): Shape {
  if (form === "transposed") return [...shape].reverse();
  const [rows = 0, ...rest] = shape;
  return [(part === undefined ? 1 : 3) * rows, ...rest];
}

async function readOne(
  source: WeightSource,
  origin: Moved | undefined,
  { shape, where }: { readonly shape: Shape; readonly where: string },
): Promise<Weight> {
  if (!origin) return { shape, data: new Float32Array(sizeOf(shape)) };
  const name = origin.source;
  const actual = source.get(name)?.shape;
  if (actual === undefined) throw new FileError(`${where}: tensor ${JSON.stringify(name)} is missing.`);
  const expected = theirShape(origin, shape);
  if (!sameShape(actual, expected))
    throw new FileError(
      `${where}: tensor ${JSON.stringify(name)} has shape ${renderShape(actual)}; this text tower needs ${renderShape(expected)}.`,
    );
  return storedWeight(source, origin, shape) ?? { shape, data: await convertOne(source, origin, shape) };
}
