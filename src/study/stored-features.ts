/** Features of the pre-trained model in a store: whoever trains on the same images fetches those that others have computed. */

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { exists, unlessMissing } from "../files/exists.ts";
import { makeFolder } from "../files/make-folder.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import type { ObjectStore } from "../store/object-store.ts";

/** As runs name them: a hash of all that they depend on. They hold a hash of themselves, which their readers check. */
const isFeatures = (name: string): boolean => /^[0-9a-f]{64}$/.test(name);

export interface SharedFeatures {
  /** Sends those that were computed since. */
  readonly send: () => Promise<void>;
}

/** Fetches into `folder` what the store has under `under`. */
export async function shareFeatures(
  store: ObjectStore,
  { under, folder }: { readonly under: string; readonly folder: string },
): Promise<SharedFeatures> {
  const keys = [...(await store.list(under)).keys()];
  const there = new Set(keys.map((key) => key.slice(under.length)).filter(isFeatures));
  for (const name of there) {
    if (await exists(join(folder, name))) continue;
    const bytes = await store.read(under + name);
    if (!bytes) continue; // removed since
    await makeFolder(folder);
    await writeFileAtomically(join(folder, name), bytes);
  }
  return {
    send: async () => {
      const names = await readdir(folder).catch((cause: unknown) => unlessMissing(cause, folder) ?? []);
      for (const name of names)
        if (isFeatures(name) && !there.has(name))
          await store.putNew(under + name, await readFile(join(folder, name)));
    },
  };
}
