/** Sees that every image of a list lies in its folder, before any is read. */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../../src/errors.ts";
import { codeOf, readProblem } from "../../src/files/file-problem.ts";

/** `names` are those of files in `folder`; an `InputError` names the first that is missing. */
export async function checkListed(folder: string, names: readonly string[]): Promise<void> {
  const there = new Set(await namesIn(folder));
  const missing = names.filter((name) => !there.has(name));
  const [first] = missing;
  if (first === undefined) return;
  const others = missing.length === 1 ? "" : `, and ${missing.length - 1} more images are missing there`;
  throw new InputError(`${join(folder, first)}: there is no such file${others}. Extract the archive again.`);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    const code = codeOf(cause);
    if (code === "ENOENT" || code === "ENOTDIR")
      throw new InputError(`${folder}: there is no such folder.`, { cause });
    throw readProblem(cause, folder);
  }
}
