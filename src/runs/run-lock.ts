/** One process at a time in a folder: a file that names its holder; one left by a process that is gone is taken over. */

import { randomBytes } from "node:crypto";
import { open, readFile, rm, stat } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { EngineError, InputError } from "../errors.ts";
import { writeProblem } from "../files/file-problem.ts";
import { writeFileAside } from "../files/write-file.ts";

/** Locks that this process has or asks for: in a container started anew, an old lock may bear our own process number. */
const ours = new Set<string>();

/** How long to wait while another process takes over a stale lock, and when it must have died meanwhile. */
const [turnMs, deadTurnMs] = [100, 10_000];

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/** Takes the lock of `folder`, or throws and says who has it. The function returned gives it back. */
export async function takeLock(folder: string): Promise<() => Promise<void>> {
  const path = join(resolve(folder), "run.lock");
  const token = randomBytes(8).toString("hex");
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), token });
  ours.add(mine);
  try {
    await take(path, { mine, folder });
  } catch (error) {
    ours.delete(mine);
    throw error;
  }
  return async () => {
    ours.delete(mine);
    if ((await readFile(path, "utf8").catch(() => "")) === mine) await rm(path, { force: true });
  };
}

async function take(path: string, { mine, folder }: { mine: string; folder: string }): Promise<void> {
  for (let attempt = 0; attempt < 5; attempt++) {
    if (await create(path, mine)) return;
    const text = await readLock(path);
    const holder = parseHolder(text);
    if (holder && isAlive(holder, text))
      throw new InputError(
        `${folder}: another process is training here (process ${holder.pid} on ${holder.host}). Wait for it, or give another folder as --out. If it is gone, remove ${path}.`,
      );
    if (await takeOver(path, { mine, stale: text })) return;
  }
  throw new EngineError(`${path} could not be taken. Remove it if no other process trains here.`);
}

/** False where there is one already. */
async function create(path: string, text: string): Promise<boolean> {
  const handle = await open(path, "wx").catch((cause: unknown) => {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") return undefined;
    throw writeProblem(cause, path);
  });
  if (!handle) return false;
  try {
    await handle.writeFile(text);
  } catch (cause) {
    await rm(path, { force: true });
    throw writeProblem(cause, path);
  } finally {
    await handle.close();
  }
  return true;
}

/** The lock's text; one that is empty gets a moment, in which its maker may write. */
async function readLock(path: string): Promise<string> {
  for (let attempt = 0; attempt < 5; attempt++) {
    const text = await readFile(path, "utf8").catch(() => "");
    if (text !== "") return text;
    await setTimeout(20);
  }
  return "";
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, host } = JSON.parse(text);
    return Number.isSafeInteger(pid) && pid > 0 && typeof host === "string" ? { pid, host } : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, host }: Holder, text: string): boolean {
  // Another machine's processes cannot be asked; a shared folder's lock is believed.
  if (host !== hostname()) return true;
  if (pid === process.pid) return ours.has(text);
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return cause instanceof Error && "code" in cause && cause.code === "EPERM";
  }
}

/** Several processes may find the same stale lock: one at a time looks again and, if it is still there, writes its own over it. */
async function takeOver(path: string, { mine, stale }: { mine: string; stale: string }): Promise<boolean> {
  const turn = `${path}.turn`;
  if (!(await create(turn, mine))) {
    const since = await stat(turn).then(
      ({ mtimeMs }) => Date.now() - mtimeMs,
      () => 0,
    );
    if (since > deadTurnMs) await rm(turn, { force: true });
    else await setTimeout(turnMs);
    return false;
  }
  try {
    if ((await readLock(path)) !== stale) return false;
    await writeFileAside(path, mine);
    return true;
  } finally {
    await rm(turn, { force: true });
  }
}
