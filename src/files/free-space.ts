/** Checks whether a disk has room for a large file before hours are spent on it. */

import { statfs } from "node:fs/promises";
import { EngineError } from "../errors.ts";
import { limits } from "../limits.ts";

export const SPARE_BYTES = limits.SPARE_BYTES.value;

/** Throws where the disk of `folder`, which exists, has no room for `bytes` of `what`. A disk that reports nothing passes. */
export async function checkFreeSpace(
  folder: string,
  { bytes, what }: { readonly bytes: number; readonly what: string },
): Promise<void> {
  const disk = await statfs(folder).catch(() => undefined);
  if (!disk || disk.blocks === 0) return;
  const free = disk.bavail * disk.bsize;
  if (bytes + SPARE_BYTES > free)
    throw new EngineError(
      `${folder}: ${what} needs ${megabytes(bytes)} MB, and the disk has ${megabytes(free)} MB free. Free some space, or use another disk.`,
    );
}

const megabytes = (bytes: number): string => Math.ceil(bytes / 1e6).toLocaleString("en");
