/** Finds the files of the model that a user names: a weights file, a folder, a named model or a hub id. An existing path wins. */

import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FileError, InputError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { readProblem } from "../files/file-problem.ts";
import { readJson } from "../files/read-json.ts";
import { isVariant } from "./architectures.ts";
import { fetchModel, type HubOptions, parseHubId } from "./hub.ts";
import { describeNamed, type NamedModel, namedModels } from "./named-models.ts";
import { parseShardIndex } from "./shard-index.ts";
import { sayUnreadable } from "./unreadable-weights.ts";

/** The files of a model, by what they are for. */
export interface LocatedModel {
  readonly id: string;
  /** The absolute path or hub id that it can be found by again. */
  readonly source: string;
  readonly weights: readonly string[];
  readonly config?: string;
  readonly preprocessor?: string;
  /** The name of a weights file whose configurations merely lie in the same folder: they might be another's. */
  readonly beside?: string;
  /** The commit of the hub that the files are of. */
  readonly commit?: string;
  readonly notes: readonly string[];
}

const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";
const CONFIG = "config.json";
const PREPROCESSOR = "preprocessor_config.json";
const WEIGHTS_NAME = /\.(safetensors|npz)$/;
const INDEX_NAME = /\.safetensors\.index\.json$/;

/** The shards that an index names. */
async function shardsOf(index: string): Promise<readonly string[]> {
  const folder = dirname(index);
  const shards = parseShardIndex(await readJson(index), index).map((shard) => join(folder, shard));
  for (const shard of shards)
    if (!(await exists(shard))) throw new FileError(`${index}: shard ${basename(shard)} is missing.`);
  return shards;
}

interface FoundWeights {
  readonly weights: readonly string[];
  readonly notes: readonly string[];
}

/** The weights of a folder: by their usual names, else the only ones there are. */
async function weightsOf(folder: string, names: readonly string[]): Promise<FoundWeights> {
  if (names.includes(WEIGHTS)) return { weights: [join(folder, WEIGHTS)], notes: [] };
  if (names.includes(INDEX)) return { weights: await shardsOf(join(folder, INDEX)), notes: [] };
  if (names.includes("adapter_model.safetensors"))
    throw new InputError(`${folder} holds an adapter, not a model. Name the model that it adapts.`);
  const indices = names.filter((name) => INDEX_NAME.test(name));
  const shards = new Set((await Promise.all(indices.map((name) => shardsOf(join(folder, name))))).flat());
  const files = names.filter((name) => WEIGHTS_NAME.test(name) && !shards.has(join(folder, name)));
  const found = [...indices, ...files];
  const [only] = found;
  // Without a configuration, only the user can say whether the file is a model.
  if (only === undefined || !names.includes(CONFIG)) {
    const hint =
      only === undefined
        ? sayUnreadable(folder, names)
        : ` Name the file itself, such as ${join(folder, only)}.`;
    throw new InputError(`${folder} is not a model: it has no ${WEIGHTS} and no ${INDEX}.${hint}`);
  }
  if (found.length > 1)
    throw new InputError(
      `${folder} has no ${WEIGHTS}, but ${found.length} other files of weights: ${found.slice(0, 4).join(", ")}${found.length > 4 ? ", …" : ""}. Name one of them, such as ${join(folder, only)}.`,
    );
  const path = join(folder, only);
  return {
    weights: INDEX_NAME.test(only) ? await shardsOf(path) : [path],
    notes: [`${only} was read, as ${basename(resolve(folder))} has no ${WEIGHTS}.`],
  };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const entries: readonly Dirent[] = await readdir(folder, { withFileTypes: true }).catch(
    (cause: unknown) => {
      throw readProblem(cause, folder);
    },
  );
  return entries.map(({ name }) => name).sort();
}

/** The configurations that lie in a folder. */
const configsIn = (
  folder: string,
  names: readonly string[],
): Pick<LocatedModel, "config" | "preprocessor"> => ({
  ...(names.includes(CONFIG) && { config: join(folder, CONFIG) }),
  ...(names.includes(PREPROCESSOR) && { preprocessor: join(folder, PREPROCESSOR) }),
});

async function locateFolder(folder: string, id: string): Promise<LocatedModel> {
  const names = await namesIn(folder);
  const found = await weightsOf(folder, names);
  return { id, source: resolve(folder), ...found, ...configsIn(folder, names) };
}

/** The index that lists a shard, where there is one beside it. */
async function indexOf(path: string): Promise<string | undefined> {
  const index = path.replace(/-\d{5}-of-\d{5}(?=\.safetensors$)/, "").concat(".index.json");
  return index.length < path.length + ".index.json".length && (await exists(index)) ? index : undefined;
}

/** A file by its name; the configurations that lie beside it, or beside what it links to, are read with it. */
async function locateFile(path: string): Promise<LocatedModel> {
  const name = basename(path);
  const index = INDEX_NAME.test(name) ? path : await indexOf(path);
  const weights = index === undefined ? [path] : await shardsOf(index);
  const folders = [...new Set([dirname(path), dirname(await realpath(path))])];
  for (const folder of folders) {
    const configs = {
      ...((await exists(join(folder, CONFIG))) && { config: join(folder, CONFIG) }),
      ...((await exists(join(folder, PREPROCESSOR))) && { preprocessor: join(folder, PREPROCESSOR) }),
    };
    const found = configs.config ?? configs.preprocessor;
    if (found === undefined) continue;
    const whole = name === WEIGHTS || index !== undefined;
    return {
      ...{ id: whole ? basename(resolve(folder)) : name, source: resolve(path), weights, ...configs },
      ...(!whole && { beside: name }),
      notes: [`${basename(found)} beside ${name} was read with it.`],
    };
  }
  return { id: name, source: resolve(path), weights, notes: [] };
}

/** Finds the files of the model that `source` names, downloading what a hub id needs. */
export async function locateModel(source: string, options: HubOptions = {}): Promise<LocatedModel> {
  if (source === "")
    throw new InputError("The model must be a file, a folder or a hub id, got an empty name.");
  const found = await stat(source).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
    throw readProblem(cause, source);
  });
  const named = namedModels.get(source);
  if (found !== undefined) {
    const here = found.isDirectory()
      ? () => locateFolder(source, basename(resolve(source)))
      : () => locateFile(source);
    return named ? ambiguous(named, here) : here();
  }
  if (named) {
    const located = await locateNamed(named, options);
    const [weights = ""] = located.weights;
    return {
      ...located,
      notes: [`${describeNamed(named)}, read from ${dirname(weights)}.`, ...located.notes],
    };
  }
  if (isVariant(source))
    throw new InputError(
      `${source} is a size, not a model with weights. Name a file, a folder, a hub id, or ${[...namedModels.keys()].join(", ")}.`,
    );
  if (source.startsWith("sha256:"))
    throw new InputError(
      `${source}: the hash of a model's weights has 64 hexadecimal digits behind "sha256:".`,
    );
  const model = WEIGHTS_NAME.test(source) ? undefined : parseHubId(source);
  if (model === undefined)
    throw new InputError(
      `${source}: there is no such file or folder, and it is not a hub id such as google/vit-base-patch16-224.`,
    );
  const { folder, commit, notes } = await fetchModel(model, options);
  const located = await locateFolder(folder, source);
  return { ...located, source, commit, notes: [...located.notes, ...notes] };
}

/** A model that is named by its size, from the cache or the hub: what lies in the working directory does not matter. */
export async function locateNamed(
  { hubId, files }: NamedModel,
  options: HubOptions = {},
): Promise<LocatedModel> {
  const model = { name: hubId, revision: "main" };
  const { folder, commit, notes } = await fetchModel(model, { ...options, sendToken: false, files });
  const located = await locateFolder(folder, hubId);
  return { ...located, source: hubId, commit, notes: [...located.notes, ...notes] };
}

/** Both a path and a named model: the path is read, and the user told. */
async function ambiguous(
  { name, hubId }: NamedModel,
  here: () => Promise<LocatedModel>,
): Promise<LocatedModel> {
  const located = await here().catch((cause: unknown) => {
    if (!(cause instanceof InputError || cause instanceof FileError)) throw cause;
    throw new InputError(
      (show) =>
        `${cause.messageWith(show)} ${name} in the working directory was taken for the model. For the named model, give ${show("model", hubId)}.`,
      { cause },
    );
  });
  const note = `${name} in the working directory was read, not the named model ${name}, which is ${hubId}.`;
  return { ...located, notes: [note, ...located.notes] };
}
