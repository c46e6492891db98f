/** Where a machine keeps what it has fetched from a study's store: in the cache of this program, by the store's address. */

import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Dataset } from "../datasets/dataset.ts";
import { cacheFolder } from "../model/convert-weights.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { connectS3 } from "../store/s3-store.ts";
import { fetchData, fetchModel } from "./stored-inputs.ts";
import type { Trial, TrialStore } from "./trial.ts";

const opened = new Map<string, Promise<ObjectStore>>();

/** The store, connected once in a process. */
export function storeAt(address: string): Promise<ObjectStore> {
  const before = opened.get(address);
  if (before) return before;
  const store = connectS3(address);
  opened.set(address, store);
  // Whoever asks next tries again.
  store.catch(() => opened.delete(address));
  return store;
}

const placeOf = (address: string): string =>
  join(cacheFolder(), "stores", createHash("sha256").update(address).digest("hex").slice(0, 16));

export const fetchedData = async ({ address }: TrialStore, listing: string): Promise<Dataset> =>
  fetchData(await storeAt(address), { listing, folder: join(placeOf(address), "data", listing) });

export const fetchedModel = async ({ address, model: name }: TrialStore): Promise<string> =>
  fetchModel(await storeAt(address), { name, folder: join(placeOf(address), "models", name) });

/** The part of the store where features are shared that engines compute alike, from one data set. */
export const featuresKey = ({ content: { engine, data } }: Trial): string =>
  `features/${engine.provider}-${engine.threads}/${data}/`;

/** The trial with folders of this machine. */
export function placedHere(trial: Trial, { address }: TrialStore): Trial {
  const place = placeOf(address);
  const features = join(place, ...featuresKey(trial).split("/").filter(Boolean));
  return { ...trial, folder: join(place, "trials", trial.name), features };
}
