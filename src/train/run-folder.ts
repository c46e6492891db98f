/** A run's folder: one process at a time, a config that a resumed run must repeat, and a log of metrics. */

import { appendFile, mkdir, open, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { EngineError, InputError } from "../errors.ts";
import { writeProblem } from "../formats/file-problem.ts";
import { writeFileAside } from "../formats/write-file.ts";

export interface RunFolder {
  readonly path: string;
  /** The config of an earlier run here. */
  readonly earlier: unknown;
  readonly write: (config: unknown) => Promise<void>;
  /** Appends a line to `metrics.jsonl`. */
  readonly log: (record: object) => Promise<void>;
  /** Lines logged so far. */
  readonly lines: () => number;
  /** Forgets what was logged after `count` lines: a resumed run writes them again. */
  readonly keepLines: (count: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Makes the folder and takes its lock. */
export async function openRunFolder(path: string): Promise<RunFolder> {
  await mkdir(path, { recursive: true }).catch((cause: unknown) => {
    throw writeProblem(cause, path);
  });
  const unlock = await lock(path);
  const configPath = join(path, "run.json");
  const metrics = join(path, "metrics.jsonl");
  let lines = 0;
  return {
    path,
    earlier: await readJson(configPath),
    write: (config) => writeFileAside(configPath, `${JSON.stringify(config, null, 2)}\n`),
    log: async (record) => {
      await appendFile(metrics, `${JSON.stringify(record)}\n`).catch((cause: unknown) => {
        throw writeProblem(cause, metrics);
      });
      lines++;
    },
    lines: () => lines,
    keepLines: async (count) => {
      const kept = (await readFile(metrics, "utf8").catch(() => "")).split("\n").slice(0, count);
      await writeFileAside(metrics, kept.map((line) => `${line}\n`).join(""));
      lines = kept.length;
    },
    close: unlock,
  };
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    throw new InputError(`${path} is damaged. Remove this folder, or give another one as --out.`);
  }
}

/** A file that only its maker may create, naming the process; one left by a process that is gone is taken over. */
async function lock(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, "run.lock");
  const mine = JSON.stringify({ pid: process.pid, host: hostname() });
  for (let attempt = 0; attempt < 3; attempt++) {
    const handle = await open(path, "wx").catch((cause: unknown) => {
      if (codeOf(cause) === "EEXIST") return undefined;
      throw writeProblem(cause, path);
    });
    if (handle) {
      await handle.writeFile(mine);
      await handle.close();
      return () => rm(path, { force: true });
    }
    const holder = await readFile(path, "utf8").catch(() => "");
    if (isAlive(holder))
      throw new InputError(
        `${folder}: another process is training here (${holder}). Give another folder as --out, or wait for it.`,
      );
    await rm(path, { force: true });
  }
  throw new EngineError(`${path}: could not be taken; remove it if no other process trains here.`);
}

function isAlive(holder: string): boolean {
  try {
    const { pid, host } = JSON.parse(holder);
    // Another machine's processes cannot be asked; a shared folder's lock is believed.
    if (host !== hostname()) return true;
    if (pid === process.pid) return true;
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

const codeOf = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
