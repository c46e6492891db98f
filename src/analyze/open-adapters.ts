/** Opens the adapters to analyse, each on its base, which must be one. */

import type { Adapter } from "../adapter/adapter.ts";
import { shortNames } from "../adapter/short-names.ts";
import { InputError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { type OpenedModel, type OpenModelOptions, openModel } from "../predict/open-model.ts";

export interface OpenedAdapter extends OpenedModel {
  readonly adapter: Adapter;
  readonly path: string;
  /** Short and different for each. */
  readonly name: string;
}

export interface OpenAdaptersOptions extends OpenModelOptions {
  readonly model?: string | Model | undefined;
}

/** In the order given. */
export async function openAdapters(
  paths: readonly string[],
  { model, ...options }: OpenAdaptersOptions,
): Promise<readonly OpenedAdapter[]> {
  const names = shortNames(paths);
  const opened: OpenedAdapter[] = [];
  for (const [at, path] of paths.entries()) {
    const one = await openModel({ adapter: path, model }, options);
    if (!one.adapter) throw new Error("internal: an adapter without an adapter.");
    const first = opened[0];
    if (first && first.adapter.base.sha256 !== one.adapter.base.sha256)
      throw new InputError(
        `${path} was trained on ${one.adapter.base.id}, but ${first.path} on ${first.adapter.base.id}, which has other weights. Give adapters of one base.`,
      );
    opened.push({ ...one, adapter: one.adapter, path, name: names[at] as string });
  }
  return opened;
}
