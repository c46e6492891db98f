/** Finds each tensor of a plan under its name, in its shape, and accounts for all others. */

import { FileError } from "../errors.ts";
import { renderShape, type Shape, sameShape } from "../formats/tensor.ts";
import type { Computed, Origin, SourceShapes } from "./family.ts";
import { shortList } from "./find-scheme.ts";

/** One of our weights, and the tensor it is taken from. */
export interface Placed {
  readonly ours: string;
  /** Its full name; without one the model has no such tensor, and zeros take its place. */
  readonly theirs: string | undefined;
  /** Their shape. */
  readonly shape: Shape;
  /** Which of several equal ranges of its rows. */
  readonly part?: number | undefined;
  /** The full name of a layer scale [rows] that is folded into it. */
  readonly scaledBy?: string | undefined;
  /** What it is computed of instead, by their names and shapes. */
  readonly folded?: {
    readonly sources: ReadonlyMap<string, Shape>;
    readonly compute: Computed["compute"];
  };
}

export interface PlaceOptions {
  /** Names the source in messages. */
  readonly where: string;
  /** What the model is, in a sentence: `a Swin`. */
  readonly what: string;
  /** What a tensor is that is not needed; undefined for one that should not be there. */
  readonly ignorable: (name: string) => string | undefined;
}

/** Where each weight comes from, by our names, and a note of what was ignored. */
export function placeTensors(
  placed: readonly Placed[],
  tensors: SourceShapes,
  { where, what, ignorable }: PlaceOptions,
): { readonly origins: ReadonlyMap<string, Origin | undefined>; readonly notes: readonly string[] } {
  const origins = new Map<string, Origin | undefined>();
  for (const place of placed) origins.set(place.ours, originOf(place, tensors, where));
  const used = new Set([...origins.values()].flatMap((origin) => sourcesOf(origin)));
  const unused = [...tensors.keys()].filter((name) => !used.has(name));
  const extra = unused.filter((name) => ignorable(name) === undefined);
  if (extra.length > 0)
    throw new FileError(
      `${where}: ${extra.length === 1 ? "one tensor is" : `${extra.length} tensors are`} not part of ${what}: ${shortList(extra)}.`,
    );
  const kinds = new Set(unused.flatMap((name) => ignorable(name) ?? []));
  return { origins, notes: [...kinds].map((kind) => `Ignored ${kind}.`) };
}

function sourcesOf(origin: Origin | undefined): readonly (string | undefined)[] {
  if (origin === undefined) return [];
  return "compute" in origin ? origin.sources : [origin.source, origin.scaledBy];
}

function originOf(place: Placed, tensors: SourceShapes, where: string): Origin | undefined {
  const { theirs, shape, part, scaledBy, folded } = place;
  if (folded !== undefined) {
    for (const [name, theirShape] of folded.sources) requireShape(name, theirShape, { tensors, where });
    return { sources: [...folded.sources.keys()], compute: folded.compute };
  }
  if (theirs === undefined) return undefined;
  requireShape(theirs, shape, { tensors, where });
  if (scaledBy !== undefined) requireShape(scaledBy, shape.slice(0, 1), { tensors, where });
  return {
    ...{ source: theirs, form: "same" },
    ...(part === undefined ? {} : { part }),
    ...(scaledBy === undefined ? {} : { scaledBy }),
  };
}

/** Throws unless the tensor is there in this shape. */
function requireShape(
  name: string,
  shape: Shape,
  { tensors, where }: { readonly tensors: SourceShapes; readonly where: string },
): void {
  const actual = tensors.get(name)?.shape;
  if (actual === undefined) throw new FileError(`${where}: tensor ${JSON.stringify(name)} is missing.`);
  if (!sameShape(actual, shape))
    throw new FileError(
      `${where}: tensor ${JSON.stringify(name)} has shape ${renderShape(actual)}; this model needs ${renderShape(shape)}.`,
    );
}
