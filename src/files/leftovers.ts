/** What a killed process leaves of a write: files and folders aside, and an old folder that had stepped aside for a new one. */

import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { exists } from "./exists.ts";
import { writeProblem } from "./file-problem.ts";

/** The names that `asideOf` makes; `.old` is what `writeFolderAside` calls the folder it replaces. */
const asideName = /^\.(.+)\.\d+\.[0-9a-f]{8}\.tmp(\.old)?$/;

interface Leftover {
  readonly path: string;
  /** What it was to become, or had been. */
  readonly name: string;
  readonly old: boolean;
}

async function leftoversIn(folder: string): Promise<Leftover[]> {
  const names = await readdir(folder).catch(() => []);
  return names.flatMap((entry) => {
    const [, name, old] = asideName.exec(entry) ?? [];
    return name === undefined ? [] : [{ path: join(folder, entry), name, old: old !== undefined }];
  });
}

/** The old folder, where a process was killed after it had moved that aside and before the new one took its place. */
export async function steppedAside(folder: string): Promise<string | undefined> {
  if (await exists(folder)) return undefined;
  const leftovers = await leftoversIn(dirname(folder));
  return leftovers.find(({ name, old }) => old && name === basename(folder))?.path;
}

/** Puts back what had stepped aside in `folder` and removes other leftovers of these names. Nobody may be writing there. */
export async function mendLeftovers(folder: string, names: readonly string[]): Promise<void> {
  for (const { path, name, old } of await leftoversIn(folder)) {
    if (!names.includes(name)) continue;
    const place = join(folder, name);
    try {
      if (old && !(await exists(place))) await rename(path, place);
      else await rm(path, { recursive: true, force: true });
    } catch (cause) {
      throw writeProblem(cause, path);
    }
  }
}
