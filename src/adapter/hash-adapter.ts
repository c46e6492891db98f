/** A hash of what an adapter has learned, by which a run recognises the one that it continues from. */

import { createHash } from "node:crypto";
import { renderShape } from "../formats/tensor.ts";
import type { Adapter } from "./adapter.ts";

/** sha256, in hexadecimal, over the labels and over names, shapes and float32 bytes of the tensors in the order of their names. */
export function hashAdapter({ labels, tensors }: Pick<Adapter, "labels" | "tensors">): string {
  const hash = createHash("sha256");
  hash.update(`${JSON.stringify(labels)}\n`);
  for (const name of [...tensors.keys()].sort()) {
    const tensor = tensors.get(name);
    if (tensor === undefined) continue;
    const { buffer, byteOffset, byteLength } = tensor.data;
    hash.update(`${name} ${renderShape(tensor.shape)}\n`);
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex");
}
