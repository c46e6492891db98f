/** A folder of files that belong together appears whole: filled aside, then renamed. */

import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { EngineError, InputError } from "../errors.ts";
import { asideOf, oldOf, whileWriting } from "./aside.ts";
import { codeOf, writeProblem } from "./file-problem.ts";
import { makeFolder } from "./make-folder.ts";
import { syncFolder } from "./write-file.ts";

export interface WriteFolderOptions {
  /** Whether a folder with these names in it may be replaced; by default only an empty one may. */
  readonly mayReplace?: (names: readonly string[]) => boolean;
}

/** Throws where `folder` holds something that is not ours to replace. */
async function refuseForeign(
  folder: string,
  mayReplace: (names: readonly string[]) => boolean,
): Promise<boolean> {
  let names: readonly string[];
  try {
    names = await readdir(folder);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return false;
    throw writeProblem(cause, folder);
  }
  if (names.length > 0 && !mayReplace(names))
    throw new InputError(`${folder} is not empty. Name a new or an empty folder.`);
  return true;
}

/** Lets `fill` write into a folder aside, and gives that the name `folder`. Its parents are made. */
export async function writeFolderAside(
  folder: string,
  fill: (aside: string) => Promise<void>,
  { mayReplace = () => false }: WriteFolderOptions = {},
): Promise<void> {
  await makeFolder(dirname(folder));
  await whileWriting(folder, async () => {
    const replaces = await refuseForeign(folder, mayReplace);
    const aside = asideOf(folder);
    try {
      await mkdir(aside);
      await fill(aside);
      await syncFolder(aside);
      await putInPlace(folder, { aside, replaces });
    } catch (cause) {
      await rm(aside, { recursive: true, force: true }).catch(() => {});
      throw writeProblem(named(cause, { aside, folder }), folder);
    }
  });
  await syncFolder(dirname(folder));
}

/** What stood there before steps aside, and is removed once the new folder is in its place. */
async function putInPlace(
  folder: string,
  { aside, replaces }: { readonly aside: string; readonly replaces: boolean },
): Promise<void> {
  const old = oldOf(aside);
  if (replaces) await rename(folder, old);
  try {
    await rename(aside, folder);
  } catch (cause) {
    if (replaces) await rename(old, folder);
    throw cause;
  }
  if (replaces) await rm(old, { recursive: true, force: true }).catch(() => {});
}

/** Nobody knows the name of the folder aside: a message says which file of the folder it was to be. */
const named = (cause: unknown, { aside, folder }: { aside: string; folder: string }): unknown =>
  cause instanceof EngineError && cause.message.includes(aside)
    ? new EngineError(cause.message.replaceAll(aside, folder), { cause })
    : cause;
