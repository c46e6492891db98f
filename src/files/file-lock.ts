/** A lock file held by one process at a time through a lock of the operating system, which ends with the process however it dies. */

import { constants as flags } from "node:fs";
import { type FileHandle, open, rm, stat } from "node:fs/promises";
import type extensions from "fs-native-extensions";
import { InputError } from "../errors.ts";
import { limits } from "../limits.ts";
import { requireDependency } from "../own-package.ts";
import { codeOf, writeProblem } from "./file-problem.ts";

/**
 * Why not a file that merely names its holder: a killed process leaves it behind, and whether a process with that id is the
 * holder, perhaps on another machine or in another container, can only be guessed. Guessing by age (as proper-lockfile does)
 * makes a killed run wait, admits two processes after a suspension, and leaves a stale file when killed itself.
 */
export interface FileLock {
  /** Replaces the text of the file. */
  readonly write: (text: string) => Promise<void>;
  /** Removes the file, then releases the lock. */
  readonly release: () => Promise<void>;
}

interface LockOptions {
  /** The path that the lock protects, as the user knows it, for messages where the disk refuses the lock. */
  readonly place?: string;
}

/** What a lock file may already hold: nothing, zeros after a power cut, or the text of a process that has ended. */
const isOwnText = (text: string): boolean => text.startsWith('{"pid":') || text.replaceAll("\0", "") === "";
export const MAX_LOCK_BYTES = limits.MAX_LOCK_BYTES.value;

/** Error codes of file systems without locks: some network and user-space ones. */
const noLocks: ReadonlySet<string> = new Set(["ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL"]);

/** Takes the lock file at `path`: "held" where another process has it, "unsupported" where the disk or the machine has no locks. */
export async function takeFileLock(
  path: string,
  { place = path }: LockOptions = {},
): Promise<FileLock | "held" | "unsupported"> {
  // Between opening and locking, the last holder may remove the file, and another create a new one: then try again.
  for (;;) {
    const handle = await openLock(path, place);
    let kept = false;
    try {
      const locked = await tryLock(handle, place);
      // Nobody can hold it, so the file that was just created is removed again.
      if (locked === "unsupported" && (await handle.stat()).size === 0) await rm(path, { force: true });
      if (locked !== true) return locked;
      await refuseUnsupported(handle, path);
      if (!(await isAt(handle, path))) continue;
      kept = true;
      return lockOf(handle, path);
    } finally {
      if (!kept) await handle.close();
    }
  }
}

/** A link would lead to somebody else's file. Windows has no such flag, and hardly any links. */
function openLock(path: string, place: string): Promise<FileHandle> {
  return open(path, flags.O_RDWR | flags.O_CREAT | (flags.O_NOFOLLOW ?? 0), 0o666).catch((cause: unknown) => {
    if (codeOf(cause) === "ELOOP")
      throw new InputError(`${path} is a symbolic link; a lock is a file of its own. Remove the link.`, {
        cause,
      });
    throw writeProblem(cause, place);
  });
}

/** Loaded on first use, so that whatever needs no lock also runs on machines without this library. */
const loadExtensions = (): typeof extensions | undefined => {
  try {
    return requireDependency("fs-native-extensions");
  } catch {
    return undefined;
  }
};

async function tryLock({ fd }: FileHandle, place: string): Promise<true | "held" | "unsupported"> {
  const loaded = loadExtensions();
  if (!loaded) return "unsupported";
  try {
    return loaded.tryLock(fd) || "held";
  } catch (cause) {
    if (noLocks.has(codeOf(cause) ?? "")) return "unsupported";
    throw writeProblem(cause, place);
  }
}

async function refuseUnsupported(handle: FileHandle, path: string): Promise<void> {
  const bytes = new Uint8Array(MAX_LOCK_BYTES + 1);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
  const text = new TextDecoder().decode(bytes.subarray(0, bytesRead));
  if (bytesRead > MAX_LOCK_BYTES || !isOwnText(text))
    throw new InputError(`${path} is no lock of this program and would be removed. Move it elsewhere.`);
}

/** Whether the open file is the one that its path names. */
async function isAt(handle: FileHandle, path: string): Promise<boolean> {
  const opened = await handle.stat({ bigint: true });
  const named = await stat(path, { bigint: true }).catch(() => undefined);
  return named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
}

const lockOf = (handle: FileHandle, path: string): FileLock => ({
  write: async (text) => {
    try {
      await handle.truncate(0);
      await handle.write(text, 0);
    } catch (cause) {
      throw writeProblem(cause, path);
    }
  },
  release: async () => {
    try {
      if (await isAt(handle, path)) await rm(path, { force: true });
    } finally {
      await handle.close();
    }
  },
});
