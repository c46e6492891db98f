/** Finds the files of the model that a user names: a weights file, a folder, a named model or a hub id. An existing path wins. */

import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FileError, InputError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { readProblem } from "../files/file-problem.ts";
import { readJson } from "../files/read-json.ts";
import { fetchModel, type HubOptions, parseHubId } from "./hub.ts";
import { describeNamed, type NamedModel, namedModels } from "./named-models.ts";
import { parseShardIndex } from "./shard-index.ts";
import { isVariant } from "./variants.ts";

/** The files of a model, by what they are for. */
export interface LocatedModel {
  readonly id: string;
  /** The absolute path or hub id that it can be found by again. */
  readonly source: string;
  readonly weights: readonly string[];
  readonly config?: string;
  readonly preprocessor?: string;
  /** The commit of the hub that the files are of. */
  readonly commit?: string;
  readonly notes: readonly string[];
}

const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";

async function weightsOf(folder: string, names: readonly string[]): Promise<readonly string[]> {
  if (names.includes(WEIGHTS)) return [join(folder, WEIGHTS)];
  if (names.includes(INDEX)) {
    const index = join(folder, INDEX);
    const shards = parseShardIndex(await readJson(index), index).map((shard) => join(folder, shard));
    for (const shard of shards)
      if (!(await exists(shard))) throw new FileError(`${index}: shard ${basename(shard)} is missing.`);
    return shards;
  }
  if (names.includes("adapter_model.safetensors"))
    throw new InputError(`${folder} holds an adapter, not a model. Name the model that it adapts.`);
  const found = names.find((name) => /\.(safetensors|npz)$/.test(name));
  const hint = found === undefined ? "" : ` Name the file itself, such as ${join(folder, found)}.`;
  throw new InputError(`${folder} is not a model: it has no ${WEIGHTS} and no ${INDEX}.${hint}`);
}

async function locateFolder(folder: string, id: string): Promise<LocatedModel> {
  const entries: readonly Dirent[] = await readdir(folder, { withFileTypes: true }).catch(
    (cause: unknown) => {
      throw readProblem(cause, folder);
    },
  );
  const names = entries.map(({ name }) => name);
  const weights = await weightsOf(folder, names);
  return {
    id,
    source: resolve(folder),
    weights,
    ...(names.includes("config.json") && { config: join(folder, "config.json") }),
    ...(names.includes("preprocessor_config.json") && {
      preprocessor: join(folder, "preprocessor_config.json"),
    }),
    notes: [],
  };
}

/** A file by itself; the weights of a folder that has a configuration are read with it. */
async function locateFile(path: string): Promise<LocatedModel> {
  const folder = dirname(path);
  if (basename(path) !== WEIGHTS || !(await exists(join(folder, "config.json"))))
    return { id: basename(path), source: resolve(path), weights: [path], notes: [] };
  const located = await locateFolder(folder, basename(resolve(folder)));
  return {
    ...located,
    source: resolve(path),
    notes: [`config.json beside ${basename(path)} was read with it.`],
  };
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
  const model = /\.(safetensors|npz)$/.test(source) ? undefined : parseHubId(source);
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
