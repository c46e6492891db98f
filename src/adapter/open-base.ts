/** Opens the base of an adapter: the one that is named, or the one that it was trained on. */

import { InputError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { type ReadModelOptions, readModel } from "../model/read-model.ts";
import type { Adapter } from "./adapter.ts";

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

/** Without an adapter, the model that is named. Whether the adapter was trained on it is for `checkBase` to say. */
export async function openBase(
  { source, path, adapter, sendToken = source !== undefined }: BaseSources,
  { heads, signal, onProgress }: OpenBaseOptions,
): Promise<Model> {
  if (typeof source === "object") return source;
  const base = source ?? adapter?.base.id ?? "";
  const asked: ReadModelOptions = {
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
    ...(heads !== undefined && { heads }),
    ...fromAdapter(adapter),
    sendToken,
  };
  return readModel(base, asked).catch((error: unknown) => {
    if (source !== undefined || !(error instanceof InputError)) throw error;
    throw new InputError(
      (show) =>
        `${path}: its base ${base} cannot be opened here. Name the base with ${show("model")}. ${error.messageWith(show)}`,
      { cause: error },
    );
  });
}

/** What a weight file does not say but the adapter remembers. */
const fromAdapter = (adapter: Adapter | undefined): ReadModelOptions =>
  adapter ? { imageSize: adapter.config.imageSize, heads: adapter.config.heads } : {};
