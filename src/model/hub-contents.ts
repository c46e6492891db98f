/** What is needed of a repository of the hub: the files of a model, or those of an adapter. */

import { join } from "node:path";
import { FileError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { readJson } from "../files/read-json.ts";
import { parseShardIndex } from "./shard-index.ts";
import { sayUnreadable } from "./unreadable-weights.ts";

interface Repository {
  readonly name: string;
  /** All files that it has. */
  readonly available: ReadonlySet<string>;
  /** Where those that are needed are put. */
  readonly folder: string;
}

/** The files to fetch, in rounds: each may follow from the files of the one before. The last file of all completes them. */
export interface Contents {
  readonly rounds: readonly ((repository: Repository) => Promise<readonly string[]>)[];
  readonly isComplete: (folder: string) => Promise<boolean>;
}

const WEIGHTS = "model.safetensors";
const INDEX = "model.safetensors.index.json";
const CONFIGS = ["config.json", "preprocessor_config.json"];

async function shardsIn(folder: string): Promise<readonly string[]> {
  const index = join(folder, INDEX);
  return (await exists(index)) ? parseShardIndex(await readJson(index), index) : [];
}

export const modelContents: Contents = {
  rounds: [
    async ({ name, available }) => {
      const weights = [WEIGHTS, INDEX].find((file) => available.has(file));
      if (weights !== undefined) return [...CONFIGS.filter((file) => available.has(file)), weights];
      if (available.has(ADAPTER))
        throw new FileError(
          (show) =>
            `${name} is an adapter, not a model. It is given as ${show("adapter", name)}, by commands that take one.`,
        );
      throw new FileError(
        `${name} has no ${WEIGHTS} on the hub; weights are read from safetensors only.${sayUnreadable("FOLDER", [...available]).replace(/^(?=.)/, " Fetch its files into a folder FOLDER, convert them there, and name it:")}`,
      );
    },
    async ({ available, folder }) => (available.has(WEIGHTS) ? [] : shardsIn(folder)),
  ],
  isComplete: async (folder) => {
    if (await exists(join(folder, WEIGHTS))) return true;
    const shards = await shardsIn(folder);
    const present = await Promise.all(shards.map((shard) => exists(join(folder, shard))));
    return shards.length > 0 && present.every(Boolean);
  },
};

const ADAPTER = "rlrr_adapter.json";
/** Of the first format. */
const OLDER_ADAPTER = "adapter_config.json";
const ADAPTER_WEIGHTS = "adapter_model.safetensors";

export const adapterContents: Contents = {
  rounds: [
    async ({ name, available }) => {
      const config = [ADAPTER, OLDER_ADAPTER].find((file) => available.has(file)) ?? ADAPTER;
      const missing = [config, ADAPTER_WEIGHTS].find((file) => !available.has(file));
      if (missing !== undefined)
        throw new FileError(`${name} on the hub is no adapter of rlrr: it has no ${missing}.`);
      const others = ["preprocessor_config.json", "training_images.json"];
      return [config, ...others.filter((file) => available.has(file)), ADAPTER_WEIGHTS];
    },
  ],
  isComplete: (folder) => exists(join(folder, ADAPTER_WEIGHTS)),
};
