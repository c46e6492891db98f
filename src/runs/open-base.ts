/** Opens the model that a run starts from: one that was read, a named one, a file, a hub id, or an adapter's base. */

import { InputError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { loadNamedModel, type ReadModelOptions, readModel } from "../model/read-model.ts";
import type { Chosen } from "./complete-options.ts";
import { openOriginBase } from "./continued.ts";

export async function openBase(options: Chosen): Promise<Model> {
  const { out, model, earlier, origin, imageSize, heads, signal, onProgress } = options;
  const asked: ReadModelOptions = {
    ...(imageSize !== undefined && { imageSize }),
    ...(heads !== undefined && { heads }),
    ...(signal && { signal }),
    ...(onProgress && { onProgress }),
  };
  const recalled = model === earlier?.model.id;
  if (origin) {
    const { base } = origin.adapter;
    const source = typeof model === "object" && "hubId" in model ? model.hubId : model;
    return openOriginBase(origin, {
      source: recalled && source === base.id ? undefined : source,
      ...(recalled && { sendToken: false }),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
    });
  }
  if (typeof model === "object") return "hubId" in model ? loadNamedModel(model, asked) : model;
  if (model === undefined) throw new Error("internal: no model was chosen.");
  return readModel(model, { ...asked, sendToken: !recalled }).catch((error: unknown) => {
    if (!recalled || !(error instanceof InputError)) throw error;
    throw new InputError(
      (show) =>
        `${out}: its model ${model} cannot be opened here. Give its place as ${show("model")}. ${error.messageWith(show)}`,
      { cause: error },
    );
  });
}
