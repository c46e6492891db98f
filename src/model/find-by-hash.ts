/** Finds a model by the hash of its weights, among places where one may lie. */

import { realpath } from "node:fs/promises";
import { FileError, InputError } from "../errors.ts";
import { readJson } from "../files/read-json.ts";
import { type Shape, sameShape } from "../formats/tensor.ts";
import { backboneOf, type ModelConfig } from "./architectures.ts";
import { hashWeights } from "./hash.ts";
import { type LocatedModel, locateModel } from "./locate-model.ts";
import type { Model } from "./model.ts";
import { isOwnConfig, parseOwnConfig } from "./own-format.ts";
import { planModel } from "./plan-model.ts";
import { openWeights } from "./weight-source.ts";

export interface Sought {
  /** As `hashWeights` makes it. */
  readonly sha256: string;
  /** Where it is known, weights of other sizes are not read. */
  readonly config?: ModelConfig | undefined;
}

export interface FindOptions {
  readonly signal?: AbortSignal | undefined;
  readonly read: (place: string) => Promise<Model>;
}

/** `sha256:` and 64 hexadecimal digits name a model by its weights, wherever it lies. */
export const parseHashName = (source: string): string | undefined =>
  /^sha256:([0-9a-f]{64})$/.exec(source)?.[1];

/** The first model among `places` that has the hash. Places that hold no model are passed over. */
export async function findByHash(
  sought: Sought,
  places: AsyncIterable<string>,
  { read, signal }: FindOptions,
): Promise<Model | undefined> {
  const seen = new Set<string>();
  for await (const place of places) {
    signal?.throwIfAborted();
    const files = await weightsAt(place, sought);
    if (files === undefined || seen.has(files)) continue;
    seen.add(files);
    const model = await read(place).catch(unlessUnfit);
    if (model === undefined) continue;
    const sha256 = await hashWeights(model, signal ? { signal } : {}).catch(unlessUnfit);
    if (sha256 === sought.sha256) return model;
  }
  return undefined;
}

/** The real path of the weights at `place`, where their shapes are those of such a model. */
async function weightsAt(place: string, { config }: Sought): Promise<string | undefined> {
  try {
    const located = await locateModel(place);
    const { weights } = located;
    const stored = await ownConfigOf(located);
    const { plan } = planModel(await openWeights(weights), {
      where: place,
      ...(stored && { hints: { stored } }),
    });
    if (config && !hasSizesOf(config, plan.shapes)) return undefined;
    return (await Promise.all(weights.map((path) => realpath(path)))).join("\n");
  } catch (error) {
    return unlessUnfit(error);
  }
}

/** The configuration of a folder in our own format, without which its tensors cannot be told. */
async function ownConfigOf({ config: path }: LocatedModel): Promise<ModelConfig | undefined> {
  const value = path === undefined ? undefined : await readJson(path);
  return isOwnConfig(value) ? parseOwnConfig(value, path ?? "") : undefined;
}

/** Whether every matrix and norm is there in its shape; positions differ with the image size. */
const hasSizesOf = (config: ModelConfig, shapes: ReadonlyMap<string, Shape>): boolean => {
  const backbone = backboneOf(config);
  return backbone.sites.every(({ kind, name }) => {
    const [found, expected] = [shapes.get(`${name}.weight`), backbone.shapes.get(`${name}.weight`)];
    return kind === "branch" || (found && expected && sameShape(found, expected));
  });
};

/** What is damaged or no model is not what is looked for; anything else is a reason to stop. */
function unlessUnfit(error: unknown): undefined {
  if (error instanceof FileError || error instanceof InputError) return undefined;
  throw error;
}
