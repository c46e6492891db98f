/** The hub's cache on this machine, in the format of Python's huggingface_hub, so that both share their files. */

import { copyFile, readFile, rename, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { getHFHubCachePath } from "@huggingface/hub";
import { writeProblem } from "../files/file-problem.ts";
import { makeFolder } from "../files/make-folder.ts";
import { temporaryPathOf, whileWriting } from "../files/temporary-paths.ts";
import { writeFileAtomically } from "../files/write-file.ts";

/** A model of the hub at a revision: a branch, a tag or a commit. */
export interface HubModel {
  readonly name: string;
  readonly revision: string;
}

const isCommit = (text: string): boolean => /^[0-9a-f]{40}$/.test(text);

/** All that the cache holds of a model. */
export const folderOf = ({ name }: HubModel): string =>
  join(getHFHubCachePath(), `models--${name.replace("/", "--")}`);

/** Where the files of a commit appear under their own names. */
export const snapshotFolder = (model: HubModel, commit: string): string =>
  join(folderOf(model), "snapshots", commit);

/** The commit that the cache knows for a revision. */
export async function cachedCommit(model: HubModel): Promise<string | undefined> {
  if (isCommit(model.revision)) return model.revision;
  const text = await readFile(join(folderOf(model), "refs", model.revision), "utf8").catch(() => "");
  return isCommit(text.trim()) ? text.trim() : undefined;
}

/** Notes which commit a revision stands for. */
export async function rememberCommit(model: HubModel, commit: string): Promise<void> {
  if ((await cachedCommit(model)) === commit) return;
  const path = join(folderOf(model), "refs", model.revision);
  await makeFolder(dirname(path));
  await writeFileAtomically(path, commit);
}

/** Where the content with `oid` belongs. */
export const blobPath = (model: HubModel, oid: string): string => join(folderOf(model), "blobs", oid);

/** Makes the content at `blob` appear as `pointer`; where links are not allowed, as on most Windows machines, by a copy. */
export async function linkBlob(blob: string, pointer: string): Promise<void> {
  await makeFolder(dirname(pointer));
  const temporary = temporaryPathOf(pointer);
  await whileWriting(pointer, async () => {
    await symlink(relative(dirname(pointer), blob), temporary).catch(() => copyFile(blob, temporary));
    await rename(temporary, pointer);
  }).catch((cause: unknown) => {
    throw writeProblem(cause, pointer);
  });
}
