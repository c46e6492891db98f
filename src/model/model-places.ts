/** Where models lie on this machine: what was seen before, the hub's cache, our own, and any folder. */

import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { getHFHubCachePath } from "@huggingface/hub";
import { z } from "zod";
import { exists } from "../files/exists.ts";
import { makeFolder } from "../files/make-folder.ts";
import { readJson } from "../files/read-json.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { limits } from "../limits.ts";
import { cacheFolder } from "./convert-weights.ts";

/** Models that are looked at in one folder, at the most. */
export const MAX_PLACES = limits.MAX_PLACES.value;
/** Places that are remembered of one hash. */
const kept = 8;

const schema = z.object({ places: z.array(z.string()).max(kept) });

const indexOf = (sha256: string): string => join(cacheFolder(), "bases", `${sha256}.json`);

/** Where models with these weights were seen, the latest first; each may be gone or changed. */
export async function rememberedPlaces(sha256: string): Promise<readonly string[]> {
  const path = indexOf(sha256);
  if (!(await exists(path))) return [];
  const parsed = schema.safeParse(await readJson(path).catch(() => undefined));
  return parsed.success ? parsed.data.places.filter((place) => isAbsolute(place)) : [];
}

/** Remembers where weights lie, so that an adapter need not carry the path. The hub's cache is searched anyway. */
export async function rememberPlace(sha256: string, source: string | undefined): Promise<void> {
  if (source === undefined || !isAbsolute(source)) return;
  const before = await rememberedPlaces(sha256);
  if (before[0] === source) return;
  const places = [source, ...before.filter((place) => place !== source)].slice(0, kept);
  const path = indexOf(sha256);
  // A home that cannot be written to costs only the memory: what is looked for is then found elsewhere, or asked for.
  await makeFolder(join(cacheFolder(), "bases"))
    .then(() => writeFileAtomically(path, `${JSON.stringify({ places })}\n`))
    .catch(() => {});
}

/** The snapshots of every model in the hub's cache. */
export async function* hubCachePlaces(): AsyncGenerator<string> {
  const cache = getHFHubCachePath();
  for (const { name } of await entriesOf(cache)) {
    if (!name.startsWith("models--")) continue;
    const snapshots = join(cache, name, "snapshots");
    for (const { name: commit } of await entriesOf(snapshots)) yield join(snapshots, commit);
  }
}

/** The weights that were converted, whose sources may be gone. */
export const convertedPlaces = (): AsyncGenerator<string> => placesIn(join(cacheFolder(), "weights"));

/** The files of weights in a folder, and the folders in it that hold a model. */
export async function* placesIn(folder: string): AsyncGenerator<string> {
  for (const entry of (await entriesOf(folder)).slice(0, MAX_PLACES)) {
    const path = join(folder, entry.name);
    if (/\.(safetensors|npz)$/.test(entry.name)) yield path;
    else if (!entry.isFile() && (await holdsModel(path))) yield path;
  }
}

const holdsModel = async (folder: string): Promise<boolean> =>
  (await exists(join(folder, "model.safetensors")).catch(() => false)) ||
  (await exists(join(folder, "model.safetensors.index.json")).catch(() => false));

/** In the order of their names; what cannot be listed has none, and hidden ones are unfinished. */
async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter(({ name }) => !name.startsWith(".")).sort((a, b) => (a.name < b.name ? -1 : 1));
}
