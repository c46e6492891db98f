/** model.safetensors.index.json: which shard of a large model holds which tensor. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";

const schema = z.looseObject({ weight_map: z.record(z.string(), z.string()) });

export const MAX_SHARDS = limits.MAX_SHARDS.value;

/** The names of the shards, sorted. A name with a folder in it is refused: it could lead anywhere. */
export function parseShardIndex(value: unknown, where: string): readonly string[] {
  const result = schema.safeParse(value);
  if (!result.success)
    throw new FileError(`${where}: "weight_map" must map the names of tensors to the names of files.`);
  const shards = [...new Set(Object.values(result.data.weight_map))].sort();
  const odd = shards.find((name) => !/^\w[\w.-]*\.safetensors$/.test(name));
  if (odd !== undefined)
    throw new FileError(`${where}: ${showValue(odd)} is not the name of a .safetensors file beside it.`);
  if (shards.length === 0 || shards.length > MAX_SHARDS)
    throw new FileError(`${where}: it names ${shards.length} shards; 1 to ${MAX_SHARDS} are allowed.`);
  return shards;
}
