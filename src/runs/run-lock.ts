/** One process at a time trains in a folder: it holds the lock file there, which says who it is. */

import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { EngineError, InputError } from "../errors.ts";
import { takeFileLock } from "../files/file-lock.ts";

/** In every run's folder while somebody trains there, and after a process was killed. */
export const lockName = "run.lock";

/** Takes the lock of `folder`, or throws and says who has it. The function returned lets others in. */
export async function takeLock(folder: string): Promise<() => Promise<void>> {
  const path = join(resolve(folder), lockName);
  const lock = await takeFileLock(path);
  if (lock === "held") {
    const holder = await holderOf(path);
    throw new InputError(
      (show) =>
        `${folder}: another process is training here${holder}. Wait for it, or give another folder as ${show("out")}.`,
    );
  }
  if (lock === "unsupported")
    throw new EngineError(
      (show) =>
        `${path} could not be locked: this disk or machine knows no locks, so two processes could train here at once. Give a folder on another disk as ${show("out")}.`,
    );
  try {
    await lock.write(JSON.stringify({ pid: process.pid, host: hostname() }));
  } catch (error) {
    await lock.release();
    throw error;
  }
  return lock.release;
}

/** Who holds it, to tell; nobody is let in or kept out by this text. */
async function holderOf(path: string): Promise<string> {
  try {
    const { pid, host } = JSON.parse(await readFile(path, "utf8"));
    return Number.isSafeInteger(pid) && typeof host === "string" ? ` (process ${pid} on ${host})` : "";
  } catch {
    return "";
  }
}
