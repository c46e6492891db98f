/** Refuses adapters that cannot answer the same image together: of other bases, sizes or ways of preprocessing. */

import { isDeepStrictEqual } from "node:util";
import { InputError } from "../errors.ts";
import type { Adapter } from "./adapter.ts";
import { alignLabels } from "./align-labels.ts";

export interface NamedAdapter {
  readonly path: string;
  readonly adapter: Adapter;
}

/** The adapters, each head in the order of the first one's labels. */
export function checkTogether(named: readonly NamedAdapter[]): readonly Adapter[] {
  const [first] = named;
  return named.map(({ path, adapter }) => {
    if (!first || adapter === first.adapter) return adapter;
    const { base, config, preprocessing, labels } = first.adapter;
    if (adapter.base.sha256 !== base.sha256)
      throw new InputError(
        `${path} was trained on ${adapter.base.id}, but ${first.path} on ${base.id}, which has other weights. Give adapters of one base.`,
      );
    if (!isDeepStrictEqual(adapter.config.imageSize, config.imageSize))
      throw new InputError(
        `${path} was trained on images of ${adapter.config.imageSize.join(" x ")} pixels, but ${first.path} on ${config.imageSize.join(" x ")}. Give adapters of one image size.`,
      );
    if (!isDeepStrictEqual(adapter.preprocessing, preprocessing))
      throw new InputError(
        `${path} prepares images in another way than ${first.path}. Give adapters that were trained with the same preprocessing.`,
      );
    return alignLabels(adapter, labels, path);
  });
}
