/** Opens the base of an adapter: the one that is named, or the one that it was trained on. */

import { InputError } from "../errors.ts";
import { statOf } from "../files/exists.ts";
import { findByHash } from "../model/find-by-hash.ts";
import type { Model } from "../model/model.ts";
import { placesIn, rememberPlace } from "../model/model-places.ts";
import { type ReadModelOptions, readModel } from "../model/read-model.ts";
import { type Adapter, checkBase } from "./adapter.ts";
import { type FoundBase, findBase } from "./find-base.ts";

export interface BaseSources {
  /** A file, a folder or a hub id, or a model that was read; where left out, the base that the adapter names. */
  readonly source: string | Model | undefined;
  /** The adapter's, for messages. */
  readonly path: string | undefined;
  readonly adapter: Adapter | undefined;
  /** Whether the user's token may be sent to the hub; by default where `source` is given, which the user named. */
  readonly sendToken?: boolean | undefined;
}

export interface OpenBaseOptions extends Pick<ReadModelOptions, "signal" | "onProgress"> {
  /** Attention heads, where the model does not tell; an adapter does. */
  readonly heads?: number | undefined;
}

/** The model that is named, or the adapter's own; one that the adapter was not trained on is refused. */
export async function openBase(sources: BaseSources, options: OpenBaseOptions): Promise<FoundBase> {
  const { adapter } = sources;
  const found = await openSource(sources, options);
  if (!adapter) return found;
  const { signal } = options;
  await checkBase(adapter, found.model, signal ? { signal } : {});
  await rememberPlace(adapter.base.sha256, found.model.source);
  return found;
}

async function openSource(
  { source, path = "the adapter", adapter, sendToken = source !== undefined }: BaseSources,
  { heads, signal, onProgress }: OpenBaseOptions,
): Promise<FoundBase> {
  if (typeof source === "object") return { model: source, notes: [] };
  const asked: ReadModelOptions = {
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
    ...(heads !== undefined && { heads }),
    ...fromAdapter(adapter),
    sendToken,
  };
  const read = (place: string) => readModel(place, asked);
  if (source !== undefined) return { model: await readNamed(source, { read, adapter, signal }), notes: [] };
  if (!adapter) throw new InputError((show) => `Give ${show("model")}: a file, a folder or a hub id.`);
  return findBase({ adapter, path }, { read, signal });
}

interface Named {
  readonly read: (place: string) => Promise<Model>;
  readonly adapter: Adapter | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The model that `source` names; of a folder that is none but holds some, the one with the adapter's hash. */
async function readNamed(source: string, { read, adapter, signal }: Named): Promise<Model> {
  try {
    return await read(source);
  } catch (error) {
    if (!adapter || !(error instanceof InputError) || !(await isFolder(source))) throw error;
    const sought = { sha256: adapter.base.sha256, config: adapter.config };
    const found = await findByHash(sought, placesIn(source), { read, signal });
    if (!found) throw error;
    return found;
  }
}

const isFolder = async (path: string): Promise<boolean> =>
  (await statOf(path).catch(() => undefined))?.isDirectory() ?? false;

/** What a weight file does not say but the adapter remembers. */
const fromAdapter = (adapter: Adapter | undefined): ReadModelOptions =>
  adapter
    ? {
        imageSize: adapter.config.imageSize,
        ...("heads" in adapter.config && { heads: adapter.config.heads }),
      }
    : {};
