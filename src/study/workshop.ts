/** What the trials of one process share: an engine, decoded images, a model and a data set. */

import type { Dataset } from "../datasets/dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { openEngine } from "../engine/open-engine.ts";
import { type ImageStore, openImageStore } from "../images/image-store.ts";
import type { Model } from "../model/model.ts";
import { readModel } from "../model/read-model.ts";
import { fetchedData, fetchedModel } from "./store-place.ts";
import { openStudyData } from "./study-data.ts";
import type { Trial } from "./trial.ts";

/** Opens each when it is first asked for. Close it when done. */
export interface Workshop {
  readonly engine: (trial: Trial) => Promise<Engine>;
  readonly store: () => ImageStore;
  readonly model: (trial: Trial) => Promise<Model>;
  readonly data: (trial: Trial) => Promise<Dataset>;
  readonly close: () => Promise<void>;
}

export function openWorkshop(): Workshop {
  let engine: Promise<Engine> | undefined;
  let store: ImageStore | undefined;
  const known = new Map<string, Promise<unknown>>();
  /** One of a kind is kept: trials of a data set follow each other. */
  const keep = async <T>(kind: string, key: readonly unknown[], make: () => Promise<T>): Promise<T> => {
    const name = `${kind} ${JSON.stringify(key)}`;
    if (!known.has(name)) {
      for (const other of known.keys()) if (other.startsWith(`${kind} `)) known.delete(other);
      const made = make();
      known.set(name, made);
      // The next trial tries again.
      made.catch(() => known.delete(name));
    }
    return (await known.get(name)) as T;
  };
  return {
    engine: ({ content: { engine: asked } }) => {
      engine ??= openEngine(asked);
      return engine;
    },
    store: () => {
      store ??= openImageStore({ threads: 1 });
      return store;
    },
    model: (trial) => {
      const { model, imageSize, heads, store } = trial;
      return keep("model", [model, imageSize, heads, store], async () =>
        readModel(store ? await fetchedModel(store) : model, {
          ...(imageSize !== undefined && { imageSize }),
          ...(heads !== undefined && { heads }),
        }),
      );
    },
    data: ({ dataPath, validationFraction, testFraction, store, content }) =>
      keep("data", [dataPath, validationFraction, testFraction, store && content.data], () =>
        store
          ? fetchedData(store, content.data)
          : openStudyData(dataPath, { validationFraction, testFraction }),
      ),
    close: async () => {
      await store?.close();
      await (await engine)?.close();
    },
  };
}
