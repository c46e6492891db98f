/** A hash of the backbone's weights, which is the same for every file format. */

import { createHash } from "node:crypto";
import { FileError } from "../errors.ts";
import { allFinite, toFloat32 } from "../formats/float-types.ts";
import { isStored, renderShape, type Weight } from "../formats/tensor.ts";
import { weightBytes } from "../formats/weight-bytes.ts";
import type { Model } from "./model.ts";

/**
 * sha256, in hexadecimal, over our names, the shapes and the float32 bytes of the backbone in the order of the names.
 * A weight that is NaN or infinite is refused, since all are read here anyway. Left out is the head; positions are those of the file, before any interpolation.
 */
export async function hashWeights(
  { weights, storedWeights }: Pick<Model, "weights" | "storedWeights">,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<string> {
  const hash = createHash("sha256");
  const names = [...weights.keys()].filter((name) => !name.startsWith("head.")).sort();
  for (const name of names) {
    const weight = weights.get(name);
    if (weight === undefined) continue;
    const original = storedWeights?.get(name) ?? weight;
    hash.update(`${name} ${renderShape(original.shape)}\n`);
    for await (const bytes of weightBytes(original)) {
      signal?.throwIfAborted();
      if (!allFinite(toFloat32(bytes, "F32"))) throw brokenWeight(name, original);
      hash.update(bytes);
    }
  }
  return hash.digest("hex");
}

const brokenWeight = (name: string, weight: Weight): FileError =>
  new FileError(
    `${isStored(weight) ? weight.path : "the model"}: weight "${name}" holds NaN or an infinite number. It is damaged; get it again.`,
  );
