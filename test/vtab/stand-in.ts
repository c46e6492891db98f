/** A small stand-in of a data set's originals, and what is read of it in the order of TensorFlow Datasets. */

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { cp, mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OriginalImage, VtabTask } from "../../scripts/vtab/task.ts";
import { inTfdsOrder } from "../../scripts/vtab/tfds-order.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const copies = temporaryFolder("vtab");

/** Key, SHA-256 of the file or the pixels, label. */
export type Row = readonly [key: string | number, hash: string, label: number];

export const standInOf = (source: string): string =>
  fileURLToPath(new URL(`../golden/vtab/${source}`, import.meta.url));

/** By tasks and splits, as `parity/vtab/` wrote them. */
export const expectedOf = (source: string): Readonly<Record<string, Readonly<Record<string, Row[]>>>> =>
  JSON.parse(readFileSync(join(standInOf(source), "expected.json"), "utf8"));

/** A copy to damage. */
export async function copyStandIn(source: string): Promise<string> {
  const folder = await mkdtemp(join(copies, `${source}-`));
  await cp(standInOf(source), folder, { recursive: true });
  return folder;
}

export async function rowsOf(task: VtabTask, folder: string): Promise<Record<string, Row[]>> {
  if (task.originals === undefined) throw new Error(`${task.name} has no originals`);
  const rows: Record<string, Row[]> = {};
  for (const [split, originals] of Object.entries(await task.originals.open(folder)))
    rows[split] = await Promise.all(
      inTfdsOrder(split, originals).map(
        async ({ key, label, image }) => [key, hashOf(await bytesOf(await image())), label] as const,
      ),
    );
  return rows;
}

const bytesOf = async (image: OriginalImage): Promise<Uint8Array> =>
  "file" in image ? readFile(image.file) : "bytes" in image ? image.bytes : image.pixels;

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The slices by their counts, to compare with what VTAB's code computes. */
export const sizesOf = ({ slices, counts }: VtabTask): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(slices).map(([name, { split, from, to = counts[split] ?? Number.NaN }]) => [
      name,
      to - from,
    ]),
  );
