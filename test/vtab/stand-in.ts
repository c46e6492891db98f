/** A small stand-in of a data set's originals: what a source makes of it, beside what TensorFlow Datasets and VTAB make of it. */

import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OriginalImage, Originals, VtabTask } from "../../scripts/vtab/task.ts";
import { inTfdsOrder } from "../../scripts/vtab/tfds-order.ts";
import { needed } from "../../src/needed.ts";
import { temporaryFolder } from "../temporary-folder.ts";

export interface Row {
  readonly key: string | number;
  readonly label: number;
  /** Of the file where it is kept as it is, else of the pixels. */
  readonly sha256: string;
}

/** By splits. */
export type Rows<Kind = Row> = Readonly<Record<string, readonly Kind[]>>;

/** Where `parity/vtab/` wrote it. */
export const standInOf = (source: string): string =>
  fileURLToPath(new URL(`../golden/vtab/${source}`, import.meta.url));

const readExpected = (source: string): Rows =>
  JSON.parse(readFileSync(join(standInOf(source), "expected.json"), "utf8"));

/** In the order of TensorFlow Datasets; those of one task where the data set has several. `Kind` is of rows that hold more. */
export function expectedOf<Kind extends Row = Row>(source: string, task?: string): Rows<Kind> {
  const rows = Object.entries(readExpected(source)) as [string, Kind[]][];
  if (task === undefined) return Object.fromEntries(rows);
  const own = rows.filter(([name]) => name.startsWith(`${task}/`));
  return Object.fromEntries(own.map(([name, of]) => [name.slice(task.length + 1), of]));
}

/** The tasks of a data set that has several. */
export const expectedTasks = (source: string): readonly string[] => [
  ...new Set(Object.keys(readExpected(source)).map((name) => name.replace(/\/.*/, ""))),
];

const copies = temporaryFolder("vtab");

/** A copy to damage, of the whole or of what lies in `part`. */
export function copyStandIn(source: string, part = ""): string {
  const folder = join(mkdtempSync(join(copies, `${source}-`)), part);
  cpSync(join(standInOf(source), part), folder, { recursive: true });
  return folder;
}

/** Its originals by splits. */
export const open = (task: VtabTask, folder: string): Promise<Originals> =>
  needed(task.originals, `originals of ${task.name}`).open(folder);

export type BytesOf = (image: OriginalImage) => Promise<Uint8Array>;

/** What `task` reads in `folder`, in the order of TensorFlow Datasets. */
export async function rowsOf(task: VtabTask, folder: string, bytesOf: BytesOf = keptBytes): Promise<Rows> {
  const rows: Record<string, readonly Row[]> = {};
  for (const [split, originals] of Object.entries(await open(task, folder)))
    rows[split] = await Promise.all(
      inTfdsOrder(split, originals).map(async ({ key, label, image }) => ({
        ...{ key, label, sha256: sha256(await bytesOf(await image())) },
      })),
    );
  return rows;
}

const keptBytes: BytesOf = async (image) =>
  "file" in image ? readFile(image.file) : "bytes" in image ? image.bytes : image.pixels;

export const sha256 = (bytes: Uint8Array | string): string =>
  createHash("sha256").update(bytes).digest("hex");

/** The slices by their counts, to compare with what VTAB's code computes. */
export const sizesOf = ({ slices, counts }: VtabTask): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(slices).map(([name, { split, from, to = counts[split] ?? Number.NaN }]) => [
      name,
      to - from,
    ]),
  );
