/** Files in a store, under the hash of what they hold: what is there is not sent again, and what is fetched is checked. */

import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { FileError } from "../errors.ts";
import { type EachFileOptions, eachFile, hexHash } from "../files/each-file.ts";
import { statOf } from "../files/exists.ts";
import { readProblem } from "../files/file-problem.ts";
import { makeFolder } from "../files/make-folder.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import type { ObjectStore } from "./object-store.ts";

/** A path that stays below the folder that it is relative to, on any system. */
const isBelow = (path: string): boolean =>
  !/[\\\0]|^[A-Za-z]:/.test(path) &&
  path.split("/").every((part) => part !== "" && part !== "." && part !== "..");

export const storedFileSchema = z.object({
  /** With `/` between. */
  path: z.string().refine(isBelow),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z.int().min(0),
});
export type StoredFile = z.infer<typeof storedFileSchema>;

/** A file on this machine, and the path that it has in the store's list. */
export interface LocalFile {
  readonly path: string;
  readonly from: string;
}

/** Sends files, under keys that begin with `under`; those that are `there` already are not sent. */
export async function putFiles(
  store: ObjectStore,
  {
    under,
    files,
    there,
  }: {
    readonly under: string;
    readonly files: readonly LocalFile[];
    readonly there: { readonly has: (key: string) => boolean };
  },
  options: EachFileOptions = {},
): Promise<readonly StoredFile[]> {
  const places = new Map(files.map(({ path, from }) => [from, path]));
  const sent = new Set<string>();
  return eachFile(
    [...places.keys()],
    async (from) => {
      const sha256 = await hexHash(from).catch((cause: unknown) => {
        throw readProblem(cause, from);
      });
      const { size: bytes } = await stat(from);
      const key = under + sha256;
      if (!there.has(key) && !sent.has(key)) {
        sent.add(key);
        await store.putFile(key, from);
      }
      return { path: places.get(from) ?? "", sha256, bytes };
    },
    options,
  );
}

/** Fetches what `folder` lacks. A file there of the same size is taken for the same: files come whole or not at all. */
export async function fetchFiles(
  store: ObjectStore,
  {
    under,
    files,
    folder,
  }: { readonly under: string; readonly files: readonly StoredFile[]; readonly folder: string },
  options: EachFileOptions = {},
): Promise<void> {
  const wanted = new Map(files.map((file) => [join(folder, ...file.path.split("/")), file]));
  await eachFile(
    [...wanted.keys()],
    async (path) => {
      const file = wanted.get(path);
      if (!file || (await statOf(path))?.size === file.bytes) return;
      await makeFolder(dirname(path));
      await writeFileAtomically(path, checkedBytes(store, under + file.sha256, file));
    },
    options,
  );
}

async function* checkedBytes(
  store: ObjectStore,
  key: string,
  { path, sha256 }: StoredFile,
): AsyncGenerator<Uint8Array, void, void> {
  const bytes = await store.read(key);
  if (!bytes)
    throw new FileError(
      `${store.address} lacks ${key}, which is ${path}. Start the study again: it sends what is missing.`,
    );
  const hash = createHash("sha256");
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest("hex") !== sha256)
    throw new FileError(
      `${store.address}: ${key}, which is ${path}, is not what was sent: its hash differs. Remove it there, and start the study again.`,
    );
}
