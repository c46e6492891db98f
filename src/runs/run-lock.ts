/** One process at a time trains in a folder: it holds a lock file there that names it. */

import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { EngineError, InputError } from "../errors.ts";
import { takeFileLock } from "../files/file-lock.ts";

/** Present while a process trains in the folder, and after one was killed. */
export const lockName = "run.lock";

/** Another process trains in the folder. */
export class FolderLockedError extends InputError {}

/** Takes the lock of `folder`, or throws naming its holder. The returned function releases it. */
export async function takeLock(folder: string): Promise<() => Promise<void>> {
  const path = join(resolve(folder), lockName);
  const lock = await takeFileLock(path);
  if (lock === "held") {
    const holder = await holderOf(path);
    throw new FolderLockedError(
      (show) =>
        `${folder}: another process is training here${holder}. Wait for it, or give another folder as ${show("out")}.`,
    );
  }
  if (lock === "unsupported")
    throw new EngineError(
      (show) =>
        `${path} could not be locked: this disk or machine has no file locks, so two processes could train here at once. Give a folder on another disk as ${show("out")}.`,
    );
  try {
    await lock.write(JSON.stringify({ pid: process.pid, host: hostname() }));
  } catch (error) {
    await lock.release();
    throw error;
  }
  return lock.release;
}

/** The holder, for messages only: the lock itself does not depend on this text. */
async function holderOf(path: string): Promise<string> {
  try {
    const { pid, host } = JSON.parse(await readFile(path, "utf8"));
    return Number.isSafeInteger(pid) && typeof host === "string" ? ` (process ${pid} on ${host})` : "";
  } catch {
    return "";
  }
}
