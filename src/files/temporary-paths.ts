/** Temporary paths for atomic writes: one writer at a time, and cleaning up after a killed one. */

import { createHash, randomBytes } from "node:crypto";
import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { limits } from "../limits.ts";
import { exists } from "./exists.ts";
import { takeFileLock } from "./file-lock.ts";
import { writeProblem } from "./file-problem.ts";

export const MAX_NAME_BYTES = limits.MAX_NAME_BYTES.value;
/** How often a waiting writer tries the lock of another process again. */
export const ASK_AGAIN_MS = 50;

/** The name of `place` for use inside hidden names beside it; a long name is replaced by its hash. */
function shortName(place: string): string {
  const name = basename(place);
  return Buffer.byteLength(name) <= MAX_NAME_BYTES ? name : createHash("sha256").update(name).digest("hex");
}

/** A hidden name beside `place`, so that the rename stays on one disk. */
export const temporaryPathOf = (place: string): string =>
  join(dirname(place), `.${shortName(place)}.${randomBytes(4).toString("hex")}.rlrr-tmp`);

/** Where the older folder is moved while the one written to `temporary` takes its place. */
export const oldPathOf = (temporary: string): string => `${temporary}-old`;

const lockOf = (place: string): string => join(dirname(place), `.${shortName(place)}.rlrr-lock`);

/** What killed writers of `place` have left: unfinished files, and older folders that were being replaced. */
async function abandonedPathsOf(
  place: string,
): Promise<{ readonly unfinished: string[]; readonly old: string[] }> {
  const start = `.${shortName(place)}.`;
  const names = await readdir(dirname(place)).catch(() => []);
  const ours = names.filter(
    (name) => name.startsWith(start) && /^[0-9a-f]{8}\.rlrr-tmp(-old)?$/.test(name.slice(start.length)),
  );
  const paths = ours.map((name) => join(dirname(place), name));
  return {
    unfinished: paths.filter((path) => path.endsWith("-tmp")),
    old: paths.filter((path) => path.endsWith("-old")),
  };
}

/** The older folder, if a process was killed after moving it away and before the new one took its place. */
export async function displacedFolder(place: string): Promise<string | undefined> {
  return (await exists(place)) ? undefined : (await abandonedPathsOf(place)).old[0];
}

/** Restores or removes what killed writers have left; the caller holds the lock of `place`. */
async function recover(place: string): Promise<void> {
  const { unfinished, old } = await abandonedPathsOf(place);
  try {
    for (const path of old)
      if (await exists(place)) await rm(path, { recursive: true, force: true });
      else await rename(path, place);
    for (const path of unfinished) await rm(path, { recursive: true, force: true });
  } catch (cause) {
    throw writeProblem(cause, place);
  }
}

/**
 * Lets `write` make `place` by way of `temporaryPathOf(place)`. Other writers of
 * `place` wait for the lock, so whatever temporary files exist now were abandoned and are removed first. Without file locks
 * they are kept.
 */
export async function whileWriting<T>(
  place: string,
  write: () => Promise<T>,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<T> {
  const take = () => takeFileLock(lockOf(place), { place });
  let lock = await take();
  for (; lock === "held"; lock = await take()) await pause(signal);
  if (lock === "unsupported") return write();
  try {
    await recover(place);
    return await write();
  } finally {
    await lock.release();
  }
}

const pause = (signal: AbortSignal | undefined): Promise<void> =>
  setTimeout(ASK_AGAIN_MS, undefined, { signal }).catch((cause: unknown) => {
    throw signal?.reason ?? cause;
  });

/** Cleans up after writers that were killed while they wrote one of `places`. */
export async function recoverPlaces(places: readonly string[]): Promise<void> {
  for (const place of places) await whileWriting(place, async () => {});
}
