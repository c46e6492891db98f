/** Checks whether a disk has room for a large file before hours are spent on it. */

import { statfs } from "node:fs/promises";
import { EngineError } from "../errors.ts";
import { limits } from "../limits.ts";

export const SPARE_BYTES = limits.SPARE_BYTES.value;

/** Whether the disk of `folder`, which exists, has room for `bytes`, and some to spare. */
export async function hasFreeSpace(folder: string, bytes: number): Promise<boolean> {
  const free = await freeBytes(folder);
  return free === undefined || bytes + SPARE_BYTES <= free;
}

/** Of a disk that reports nothing, nothing. */
async function freeBytes(folder: string): Promise<number | undefined> {
  const disk = await statfs(folder).catch(() => undefined);
  return !disk || disk.blocks === 0 ? undefined : disk.bavail * disk.bsize;
}

/** Throws where the disk of `folder`, which exists, has no room for `bytes` of `what`. A disk that reports nothing passes. */
export async function checkFreeSpace(
  folder: string,
  { bytes, what }: { readonly bytes: number; readonly what: string },
): Promise<void> {
  const free = await freeBytes(folder);
  if (free !== undefined && bytes + SPARE_BYTES > free)
    throw new EngineError(
      `${folder}: ${what} needs ${megabytes(bytes)} MB, and the disk has ${megabytes(free)} MB free. Free some space, or use another disk.`,
    );
}

const megabytes = (bytes: number): string => Math.ceil(bytes / 1e6).toLocaleString("en");
