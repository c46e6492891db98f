/** One name for the same backbone, whatever file it came from: a hash of its weights. */

import { createHash } from "node:crypto";
import { renderShape } from "../formats/tensor.ts";
import { weightBytes } from "../formats/weight-bytes.ts";
import type { Model } from "./model.ts";
import { storedPosition } from "./position.ts";

/**
 * sha256, in hexadecimal, over our names, the shapes and the float32 bytes of the backbone in the order of the names.
 * Left out is the head; the positions are those of the file, before any interpolation.
 */
export async function hashWeights(
  { weights }: Pick<Model, "weights">,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<string> {
  const hash = createHash("sha256");
  const names = [...weights.keys()].filter((name) => !name.startsWith("head.")).sort();
  for (const name of names) {
    const weight = weights.get(name);
    if (weight === undefined) continue;
    const original = name === "position" ? storedPosition(weight) : weight;
    hash.update(`${name} ${renderShape(original.shape)}\n`);
    for await (const bytes of weightBytes(original)) {
      signal?.throwIfAborted();
      hash.update(bytes);
    }
  }
  return hash.digest("hex");
}
