/** What a source makes of a stand-in, in the order of TensorFlow Datasets, to compare with what VTAB makes of it. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { OriginalImage, Originals } from "../../scripts/vtab/task.ts";
import { inTfdsOrder } from "../../scripts/vtab/tfds-order.ts";

export interface ExpectedRow {
  readonly key: string | number;
  readonly label: number;
  /** Of the pixels, or of the file where it is kept as it is. */
  readonly sha256: string;
}

export const standIn = (source: string): string =>
  fileURLToPath(new URL(`../golden/vtab/${source}`, import.meta.url));

export const readExpected = (source: string): Readonly<Record<string, readonly ExpectedRow[]>> =>
  JSON.parse(readFileSync(`${standIn(source)}/expected.json`, "utf8"));

/** By splits. */
export async function rowsInOrder(originals: Originals): Promise<Record<string, ExpectedRow[]>> {
  const rows: Record<string, ExpectedRow[]> = {};
  for (const [split, images] of Object.entries(originals)) {
    rows[split] = [];
    for (const { key, label, image } of inTfdsOrder(split, images))
      rows[split].push({ key, label, sha256: hashOf(await image()) });
  }
  return rows;
}

function hashOf(image: OriginalImage): string {
  const bytes = "pixels" in image ? image.pixels : "file" in image ? readFileSync(image.file) : image.bytes;
  return createHash("sha256").update(bytes).digest("hex");
}
