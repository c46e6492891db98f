/** Two heads, of CLS and of the distillation token, as one that reads both: their mean. Touvron et al. 2021, arXiv 2012.12877, section 4. */

import { FileError } from "../errors.ts";
import { renderShape, sameShape, type Tensor } from "../formats/tensor.ts";
import { needed } from "../needed.ts";
import type { Computed, SourceShapes } from "./family.ts";
import { type Found, outerName } from "./find-scheme.ts";
import type { SourceSizes } from "./naming-scheme.ts";

/** (W₁·c + b₁ + W₂·d + b₂) / 2 = [½W₁, ½W₂]·[c, d] + ½(b₁ + b₂). */
export function secondHeadOrigins(
  found: Found,
  tensors: SourceShapes,
  { sizes, where }: { readonly sizes: SourceSizes; readonly where: string },
): readonly (readonly [ours: string, Computed])[] {
  const { scheme } = found;
  const name = (theirs: string) => outerName(found, { ours: "head.weight", theirs, form: "same" }, tensors);
  return (["weight", "bias"] as const).map((kind) => {
    const first = scheme.outer
      .filter(({ ours }) => ours === `head.${kind}`)
      .map(({ theirs }) => name(theirs))
      .find((theirs) => tensors.has(theirs));
    const sources = [needed(first, `head.${kind}`), name(`${scheme.secondHead}.${kind}`)];
    const expected = kind === "weight" ? [sizes.classes, sizes.width] : [sizes.classes];
    for (const source of sources) {
      const shape = tensors.get(source)?.shape;
      if (!shape) throw new FileError(`${where}: tensor ${JSON.stringify(source)} is missing.`);
      if (!sameShape(shape, expected))
        throw new FileError(
          `${where}: tensor ${JSON.stringify(source)} has shape ${renderShape(shape)}; this model needs ${renderShape(expected)}.`,
        );
    }
    return [`head.${kind}`, { sources, compute: kind === "weight" ? halvesBeside : halvesAdded }] as const;
  });
}

/** Two of [rows, columns] → [rows, 2 · columns]. */
function halvesBeside([first, second]: readonly Tensor[]): Float32Array {
  if (!first || !second) throw new Error("internal: two heads are needed.");
  const [rows = 0, columns = 0] = first.shape;
  const result = new Float32Array(2 * rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const [from, to] = [row * columns + column, 2 * row * columns + column];
      result[to] = (first.data[from] ?? 0) / 2;
      result[to + columns] = (second.data[from] ?? 0) / 2;
    }
  return result;
}

function halvesAdded([first, second]: readonly Tensor[]): Float32Array {
  if (!first || !second) throw new Error("internal: two heads are needed.");
  return first.data.map((value, at) => (value + (second.data[at] ?? 0)) / 2);
}
