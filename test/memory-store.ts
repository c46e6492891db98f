/** An object store in memory, for what a store may hold that no server would be given. */

import { readFileSync } from "node:fs";
import type { ObjectStore } from "../src/store/object-store.ts";

/** `put` writes whatever it is given. */
export function openMemory() {
  const objects = new Map<string, Uint8Array>();
  const put = (key: string, bytes: Uint8Array | string) => void objects.set(key, Buffer.from(bytes));
  const store: ObjectStore = {
    address: "s3://memory/a",
    list: async (prefix) =>
      new Map([...objects].flatMap(([key, { length }]) => (key.startsWith(prefix) ? [[key, length]] : []))),
    get: async (key) => objects.get(key),
    read: async (key) => {
      const bytes = objects.get(key);
      return (
        bytes &&
        (async function* () {
          yield bytes;
        })()
      );
    },
    put: async (key, bytes) => put(key, bytes),
    putNew: async (key, bytes) => {
      if (objects.has(key)) return false;
      put(key, bytes);
      return true;
    },
    putFile: async (key, path) => put(key, readFileSync(path)),
    remove: async (keys) => {
      for (const key of keys) objects.delete(key);
    },
  };
  return { store, objects, put };
}
