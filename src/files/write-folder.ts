/** A folder of files that belong together appears whole: written under a temporary name, then renamed. */

import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { EngineError, InputError } from "../errors.ts";
import { codeOf, writeProblem } from "./file-problem.ts";
import { makeFolder } from "./make-folder.ts";
import { oldPathOf, temporaryPathOf, whileWriting } from "./temporary-paths.ts";
import { syncFolder } from "./write-file.ts";

export interface WriteFolderOptions {
  /** Whether a folder with these names in it may be replaced; by default only an empty one may. */
  readonly mayReplace?: (names: readonly string[]) => boolean;
}

/** Whether `folder` exists and may be replaced; throws where it holds something that is not ours to replace. */
async function checkReplaceable(
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

/** Lets `fill` write into a temporary folder, which is then renamed to `folder`. Missing parent folders are created. */
export async function writeFolderAtomically(
  folder: string,
  fill: (temporary: string) => Promise<void>,
  { mayReplace = () => false }: WriteFolderOptions = {},
): Promise<void> {
  await makeFolder(dirname(folder));
  await whileWriting(folder, async () => {
    const replaces = await checkReplaceable(folder, mayReplace);
    const temporary = temporaryPathOf(folder);
    try {
      await mkdir(temporary);
      await fill(temporary);
      await syncFolder(temporary);
      await putInPlace(folder, { temporary, replaces });
    } catch (cause) {
      await rm(temporary, { recursive: true, force: true }).catch(() => {});
      throw writeProblem(named(cause, { temporary, folder }), folder);
    }
  });
  await syncFolder(dirname(folder));
}

/** An older folder is renamed first, and removed once the new one is in its place. */
async function putInPlace(
  folder: string,
  { temporary, replaces }: { readonly temporary: string; readonly replaces: boolean },
): Promise<void> {
  const old = oldPathOf(temporary);
  if (replaces) await rename(folder, old);
  try {
    await rename(temporary, folder);
  } catch (cause) {
    if (replaces) await rename(old, folder);
    throw cause;
  }
  if (replaces) await rm(old, { recursive: true, force: true }).catch(() => {});
}

/** No user knows the temporary name: messages name the folder that it was to become. */
const named = (cause: unknown, { temporary, folder }: { temporary: string; folder: string }): unknown =>
  cause instanceof EngineError && cause.message.includes(temporary)
    ? new EngineError(cause.message.replaceAll(temporary, folder), { cause })
    : cause;
