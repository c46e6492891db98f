/** Finds the base of an adapter where nobody says where it is: by what is remembered, by its hash on this machine, on the hub. */

import { basename, dirname, isAbsolute, join } from "node:path";
import { EngineError, FileError, InputError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { readJson } from "../files/read-json.ts";
import { familyOf } from "../model/architectures.ts";
import { type FindOptions, findByHash } from "../model/find-by-hash.ts";
import { hashWeights } from "../model/hash.ts";
import { cachedFolder, hubUrl, parseHubId } from "../model/hub.ts";
import type { Model } from "../model/model.ts";
import { convertedPlaces, hubCachePlaces, placesIn, rememberedPlaces } from "../model/model-places.ts";
import type { Adapter } from "./adapter.ts";
import { adapterFolder } from "./adapter-file.ts";

export interface FoundBase {
  readonly model: Model;
  /** Where it was found, if not where one would look; for the user to see. */
  readonly notes: readonly string[];
}

interface Seeker {
  readonly adapter: Adapter;
  /** Its folder, or the run's. */
  readonly path: string;
}

/** The base, whose hash is the adapter's; or an error that says what to fetch, from where, and where to put it. */
export async function findBase({ adapter, path }: Seeker, options: FindOptions): Promise<FoundBase> {
  const folder = (await adapterFolder(path)) ?? path;
  const { base, config } = adapter;
  const sought = { sha256: base.sha256, config };
  const usual = await findByHash(sought, usualPlaces(base, folder), options);
  if (usual) return { model: usual, notes: [] };
  const cached = await fromHub(base, { ...options, cached: true });
  if (cached) return { model: cached, notes: [] };
  const other = await findByHash(sought, otherPlaces(folder), options);
  if (other)
    return {
      model: other,
      notes: [`The base ${base.id} was found by its hash: ${other.source ?? other.id}.`],
    };
  const hub = parseHubId(base.id);
  try {
    const model = hub && (await fromHub(base, options));
    if (model) return { model, notes: [] };
  } catch (cause) {
    if (!(cause instanceof InputError || cause instanceof EngineError || cause instanceof FileError))
      throw cause;
    options.signal?.throwIfAborted();
    const Problem = cause instanceof EngineError ? EngineError : InputError;
    throw new Problem(
      (show) =>
        `${path}: its base is not on this machine. ${cause.messageWith(show)}\n${sayWhere(adapter, folder)} or give its place as ${show("model")}.`,
      { cause },
    );
  }
  const others = hub ? ` ${hubUrl()} has other weights under that name by now.` : "";
  throw new InputError(
    (show) =>
      `${path}: its base is not on this machine.${others}\n${sayWhere(adapter, folder)} or give its place as ${show("model")}.`,
  );
}

/** Where it was when it was trained here. */
async function* usualPlaces({ id, sha256 }: Adapter["base"], folder: string): AsyncGenerator<string> {
  // Adapters of the first format hold the path itself.
  if (isAbsolute(id)) yield id;
  const ofRun = basename(folder) === "adapter" ? await modelOfRun(dirname(folder)) : undefined;
  if (ofRun !== undefined) yield ofRun;
  yield* await rememberedPlaces(sha256);
}

/** What run.json says of the model, which stays with the run and is not shared. */
async function modelOfRun(run: string): Promise<string | undefined> {
  const path = join(run, "run.json");
  if (!(await exists(path))) return undefined;
  const record = (await readJson(path).catch(() => undefined)) as
    | { readonly model?: { readonly id?: unknown } | null }
    | null
    | undefined;
  const id = record?.model?.id;
  return typeof id === "string" && isAbsolute(id) ? id : undefined;
}

/** Beside the adapter, and in the caches. */
async function* otherPlaces(folder: string): AsyncGenerator<string> {
  for (const beside of foldersBeside(folder)) yield* placesIn(beside);
  yield* hubCachePlaces();
  yield* convertedPlaces();
}

/** The adapter's own folder and the one around it; of a run, the one around the run too. */
const foldersBeside = (folder: string): readonly string[] =>
  basename(folder) === "adapter"
    ? [folder, dirname(folder), dirname(dirname(folder))]
    : [folder, dirname(folder)];

interface HubOptions extends FindOptions {
  /** Whether only what is in the cache is wanted. */
  readonly cached?: boolean;
}

/** At the commit that it was trained from, else as it is now, which most often has the same weights. */
async function fromHub(
  { id, revision, sha256 }: Adapter["base"],
  { read, signal, cached = false }: HubOptions,
): Promise<Model | undefined> {
  const hub = parseHubId(id);
  if (!hub) return undefined;
  const revisions = [...(revision === undefined ? [] : [revision]), hub.revision];
  let problem: unknown;
  for (const one of revisions) {
    if (cached && (await cachedFolder({ ...hub, revision: one })) === undefined) continue;
    const name = one === "main" ? hub.name : `${hub.name}@${one}`;
    const model = await read(name).catch((error: unknown) => {
      problem = error;
    });
    if (model && (await hashWeights(model, signal ? { signal } : {})) === sha256) return { ...model, id };
  }
  if (problem !== undefined && !cached) throw problem;
  return undefined;
}

/** What a colleague must fetch, where it is, and where it is found afterwards; up to "or". */
function sayWhere({ base, config }: Adapter, folder: string): string {
  const { title, describe } = familyOf(config);
  const weights = `${describe(config)}, sha256 ${base.sha256}`;
  const around = dirname(folder);
  const hub = parseHubId(base.id);
  if (!hub)
    return `It is ${base.id}: a ${title} with ${weights}. Ask for it whoever gave you the adapter, put it into ${around} or into the hub's cache,`;
  const at = `${hubUrl()}/${hub.name}/resolve/${base.revision ?? hub.revision}`;
  const files = ["config.json", "model.safetensors"].map((file) => `\n  ${at}/${file}`).join("");
  return `It is ${base.id} of the hub: ${weights}. Fetch its files elsewhere:${files}\nPut them into one folder in ${around},`;
}
