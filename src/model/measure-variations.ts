/** In what a model differs from the plain ViT, by which tensors it has. */

import { FileError } from "../errors.ts";
import { sizeAlong } from "../graph/shapes.ts";
import type { SourceShapes } from "./family.ts";
import { outerName } from "./find-scheme.ts";
import type { PlanHints, SourceReader } from "./measure-source.ts";
import type { PoolName, VitVariations } from "./vit-config.ts";

interface Parts {
  readonly tensors: SourceShapes;
  readonly hints: PlanHints;
  readonly width: number;
}

export function measureVariations(reader: SourceReader, parts: Parts): VitVariations {
  const { has, shapeOf, found, nameOf, where } = reader;
  const { presets } = found.scheme;
  const relative = has("relative");
  if (!has("position") && !relative && !has("registers") && presets?.rotary === undefined)
    throw new FileError(`${where}: tensor ${JSON.stringify(nameOf("position"))} is missing.`);
  const pool = poolOf(reader, parts);
  const ofClassifier =
    has("head.weight") && !secondHead(reader, parts.tensors) ? found.scheme.ofClassifier : {};
  const isPooled = pool !== "cls" && reader.rows.outer.get("norm.weight")?.row.pooled;
  return {
    ...(!has("cls") && { classToken: false }),
    ...(has("distillation") && { distillation: true }),
    ...(has("registers") && { registers: sizeAlong(shapeOf("registers", 3), 1) }),
    ...(!has("position") && { absolutePositions: false }),
    ...(relative && { relativeBias: true }),
    ...(has("embedding_norm.weight") && { embeddingNorm: true }),
    ...(has("gate.weight") && { gated: true }),
    ...(has("mlp_norm.weight") && { mlpNorm: true }),
    ...(pool !== "cls" && { pool }),
    ...(isPooled && { finalNorm: "pooled" }),
    ...(ofClassifier?.finalNorm && { finalNorm: ofClassifier.finalNorm }),
  };
}

/** The name of a second head that the source has, without `.weight`. */
export function secondHead({ found }: SourceReader, tensors: SourceShapes): string | undefined {
  const { secondHead: theirs } = found.scheme;
  if (theirs === undefined) return undefined;
  const row = { ours: "head.weight", theirs: `${theirs}.weight`, form: "same" } as const;
  const name = outerName(found, row, tensors);
  return tensors.has(name) ? name.slice(0, -".weight".length) : undefined;
}

function poolOf(reader: SourceReader, { tensors, hints, width }: Parts): PoolName {
  const { has, shapeOf, found } = reader;
  const hasHead = has("head.weight");
  if (hasHead && secondHead(reader, tensors) !== undefined) return "cls+distillation";
  if (hasHead && found.scheme.ofClassifier?.pool) return found.scheme.ofClassifier.pool;
  if (hints.pool) return hints.pool;
  if (has("pool.probe")) return "attention";
  if (hasHead && found.scheme.separator === "." && sizeAlong(shapeOf("head.weight", 2), 1) === 2 * width)
    return "cls+mean";
  return has("cls") && !reader.rows.outer.get("norm.weight")?.row.pooled ? "cls" : "mean";
}
