/** The state of a trial in a store: a worker on any machine goes on from the last that was saved, and one that was overtaken stops. */

import { readdir, rm } from "node:fs/promises";
import { join, sep } from "node:path";
import { z } from "zod";
import { FileError } from "../errors.ts";
import { statOf } from "../files/exists.ts";
import { makeFolder } from "../files/make-folder.ts";
import { parseJson } from "../files/read-json.ts";
import { FolderLockedError, lockName, takeLock } from "../runs/run-lock.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { fetchFiles, putFiles, type StoredFile, storedFileSchema } from "../store/stored-files.ts";

const stateSchema = z.object({ files: z.array(storedFileSchema) });
const folderOf = (trial: string): string => `states/${trial}/`;
/** States are numbered, and each is written once: of two workers with one trial, one is refused. */
const keyOf = (trial: string, number: number): string =>
  `${folderOf(trial)}${String(number).padStart(8, "0")}.json`;
const numberIn = (key: string): number => Number(/\/(\d{8})\.json$/.exec(key)?.[1] ?? 0);

/** Saving may take this share of the time. */
const savingShare = 0.1;

export class StoredState {
  readonly #store: ObjectStore;
  readonly #trial: string;
  #number = 0;
  #files: readonly StoredFile[] = [];
  #saved = { at: 0, tookMs: 0 };

  constructor(store: ObjectStore, trial: string) {
    this.#store = store;
    this.#trial = trial;
  }

  /** Replaces what is in the folder by the latest state, where there is one. */
  async fetch(folder: string): Promise<void> {
    const found = await this.#latest();
    if (!found) return;
    await makeFolder(folder);
    const unlock = await takeLock(folder);
    try {
      await emptied(folder);
      await fetchFiles(this.#store, { under: folderOf(this.#trial), files: this.#files, folder });
    } finally {
      await unlock();
    }
  }

  async #latest(): Promise<boolean> {
    const keys = await this.#store.list(folderOf(this.#trial));
    this.#number = Math.max(0, ...[...keys.keys()].map(numberIn));
    if (this.#number === 0) return false;
    const key = keyOf(this.#trial, this.#number);
    const where = `${this.#store.address}, ${key}`;
    const bytes = await this.#store.get(key);
    const parsed = stateSchema.safeParse(
      bytes ? parseJson(Buffer.from(bytes).toString("utf8"), where) : undefined,
    );
    if (!parsed.success)
      throw new FileError(`${where} is no state of a trial. Remove it to go on from the one before.`);
    this.#files = parsed.data.files;
    return true;
  }

  /** Saves what is in the folder, which nobody changes meanwhile; not at once again where that takes long, unless it `must` be. */
  async save(folder: string, { must }: { readonly must: boolean }): Promise<void> {
    const began = performance.now();
    if (!must && began - this.#saved.at < this.#saved.tookMs / savingShare) return;
    const under = folderOf(this.#trial);
    const before = new Set(this.#files.map(({ sha256 }) => under + sha256));
    const files = await putFiles(this.#store, { under, files: await filesIn(folder), there: before });
    const number = this.#number + 1;
    if (!(await this.#store.putNew(keyOf(this.#trial, number), JSON.stringify({ files }))))
      throw new FolderLockedError(
        `${this.#store.address}: another worker has gone on with trial ${this.#trial}.`,
      );
    const kept = new Set(files.map(({ sha256 }) => under + sha256));
    await this.#store.remove([...before].filter((key) => !kept.has(key)));
    this.#number = number;
    this.#files = files;
    this.#saved = { at: performance.now(), tookMs: performance.now() - began };
  }

  /** The files of the latest state below `part` of its folder, and nothing else of it. */
  async fetchPart(folder: string, part: string): Promise<void> {
    if (!(await this.#latest())) return;
    const files = this.#files.filter(({ path }) => path.startsWith(`${part}/`));
    await fetchFiles(this.#store, { under: folderOf(this.#trial), files, folder });
  }
}

/** Removes the states of a trial that is recorded. */
export async function removeState(store: ObjectStore, trial: string): Promise<void> {
  await store.remove([...(await store.list(folderOf(trial))).keys()]);
}

/** But the lock, and hidden files of whoever writes. */
const isState = (name: string): boolean => name !== lockName && !name.startsWith(".");

async function emptied(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (isState(name)) await rm(join(folder, name), { recursive: true, force: true });
}

async function filesIn(folder: string): Promise<readonly { path: string; from: string }[]> {
  const files: { path: string; from: string }[] = [];
  for (const name of await readdir(folder, { recursive: true })) {
    const from = join(folder, name);
    const path = name.split(sep).join("/");
    if (path.split("/").every(isState) && (await statOf(from))?.isFile()) files.push({ path, from });
  }
  return files;
}
