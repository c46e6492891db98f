/** What a source makes of a stand-in of its originals, beside what TensorFlow Datasets makes of it. */

import { createHash } from "node:crypto";
import { cpSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { OriginalImage, Originals, VtabTask } from "../../scripts/vtab/task.ts";
import { inTfdsOrder } from "../../scripts/vtab/tfds-order.ts";
import { needed } from "../../src/needed.ts";
import { temporaryFolder } from "../temporary-folder.ts";

interface Row {
  readonly key: string;
  readonly label: number;
  readonly sha256: string;
}

export const goldenFolder = (name: string): string =>
  fileURLToPath(new URL(`../golden/vtab/${name}`, import.meta.url));

export const open = (task: VtabTask, folder: string): Promise<Originals> =>
  needed(task.originals, `originals of ${task.name}`).open(folder);

/** By splits, in the order of TensorFlow Datasets. */
export async function readInOrder(task: VtabTask, folder: string): Promise<Record<string, readonly Row[]>> {
  const splits = Object.entries(await open(task, folder)).map(async ([split, originals]) => {
    const rows = inTfdsOrder(split, originals).map(async ({ key, label, image }) => ({
      ...{ key: String(key), label },
      sha256: createHash("sha256")
        .update(await bytesOf(await image()))
        .digest("hex"),
    }));
    return [split, await Promise.all(rows)] as const;
  });
  return Object.fromEntries(await Promise.all(splits));
}

export function readExpected<Kind = unknown>(name: string): Record<string, readonly (Row & Kind)[]> {
  return JSON.parse(readFileSync(join(goldenFolder(name), "expected.json"), "utf8"));
}

/** A copy of a stand-in that a test may damage. */
export function copyOf(name: string, folder: string): string {
  const copy = temporaryFolder(`vtab ${name}`);
  cpSync(join(goldenFolder(name), folder), join(copy, folder), { recursive: true });
  return join(copy, folder);
}

async function bytesOf(image: OriginalImage): Promise<Uint8Array> {
  if ("pixels" in image) return image.pixels;
  return "file" in image ? readFile(image.file) : image.bytes;
}
