/** Where something is written before it gets its name, one writer at a time, and how what a killed one left is tidied up. */

import { createHash, randomBytes } from "node:crypto";
import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { limits } from "../limits.ts";
import { exists } from "./exists.ts";
import { takeFileLock } from "./file-lock.ts";
import { writeProblem } from "./file-problem.ts";

export const MAX_NAME_BYTES = limits.MAX_NAME_BYTES.value;
/** Another process that writes the same place is asked so often whether it is done. */
export const ASK_AGAIN_MS = 50;

/** The name of `place` as a part of hidden names beside it; a long one by its hash. */
function shortName(place: string): string {
  const name = basename(place);
  return Buffer.byteLength(name) <= MAX_NAME_BYTES ? name : createHash("sha256").update(name).digest("hex");
}

/** A hidden name beside `place`, so that the rename stays on one disk. */
export const asideOf = (place: string): string =>
  join(dirname(place), `.${shortName(place)}.${randomBytes(4).toString("hex")}.rlrr-tmp`);

/** What the folder is called that stood at the place of a folder written to `aside`. */
export const oldOf = (aside: string): string => `${aside}-old`;

const lockOf = (place: string): string => join(dirname(place), `.${shortName(place)}.rlrr-lock`);

/** What killed writers have left of `place`: halves, and an old folder that had stepped aside for a new one. */
async function leftoversOf(place: string): Promise<{ readonly halves: string[]; readonly old: string[] }> {
  const start = `.${shortName(place)}.`;
  const names = await readdir(dirname(place)).catch(() => []);
  const ours = names.filter(
    (name) => name.startsWith(start) && /^[0-9a-f]{8}\.rlrr-tmp(-old)?$/.test(name.slice(start.length)),
  );
  const paths = ours.map((name) => join(dirname(place), name));
  return {
    halves: paths.filter((path) => path.endsWith("-tmp")),
    old: paths.filter((path) => path.endsWith("-old")),
  };
}

/** The old folder, where a process was killed after it had moved that aside and before the new one took its place. */
export async function steppedAside(place: string): Promise<string | undefined> {
  return (await exists(place)) ? undefined : (await leftoversOf(place)).old[0];
}

/** Nobody may be writing `place`. */
async function mend(place: string): Promise<void> {
  const { halves, old } = await leftoversOf(place);
  try {
    for (const path of old)
      if (await exists(place)) await rm(path, { recursive: true, force: true });
      else await rename(path, place);
    for (const path of halves) await rm(path, { recursive: true, force: true });
  } catch (cause) {
    throw writeProblem(cause, place);
  }
}

/**
 * Lets `write` make `place` by way of `asideOf(place)`. Others who want to write it wait, which is how we know that what lies
 * aside belongs to nobody any more: it is removed first. A file system without locks keeps it.
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
    await mend(place);
    return await write();
  } finally {
    await lock.release();
  }
}

const pause = (signal: AbortSignal | undefined): Promise<void> =>
  setTimeout(ASK_AGAIN_MS, undefined, { signal }).catch((cause: unknown) => {
    throw signal?.reason ?? cause;
  });

/** Tidies up what was killed while it wrote one of `places`. */
export async function mendPlaces(places: readonly string[]): Promise<void> {
  for (const place of places) await whileWriting(place, async () => {});
}
