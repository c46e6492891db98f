/** A file that one process at a time holds, by a lock of the operating system: it ends with its holder, however that ends. */

import { constants as flags } from "node:fs";
import { type FileHandle, open, rm, stat } from "node:fs/promises";
import { InputError } from "../errors.ts";
import { codeOf, writeProblem } from "./file-problem.ts";

/**
 * Why not a file that names its holder: who is killed leaves it behind, and whether a process of that number still is the
 * holder, perhaps on another machine or in another container, can only be guessed. Guesses by age (as proper-lockfile's)
 * make a killed run wait, let two in where a process was suspended, and leave a file of their own when they are killed.
 */
export interface FileLock {
  /** Replaces the text of the file. */
  readonly write: (text: string) => Promise<void>;
  /** Removes the file, then lets others in. */
  readonly release: () => Promise<void>;
}

interface LockOptions {
  /** What the lock is for: what the user knows of, to be named where the disk refuses the lock. */
  readonly place?: string;
}

/** What a lock file may hold already: nothing, zeros after a power cut, or what a process wrote that is gone. */
const isOwnText = (text: string): boolean => text.startsWith('{"pid":') || text.replaceAll("\0", "") === "";
/** The text of a lock names a process and a machine; more is another file. */
export const MAX_LOCK_BYTES = 1024;

/** What file systems without locks answer: some network and user-space ones. */
const noLocks: ReadonlySet<string> = new Set(["ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL"]);

/** Takes the lock file at `path`: "held" where somebody has it, "unsupported" where the disk or the machine knows no locks. */
export async function takeFileLock(
  path: string,
  { place = path }: LockOptions = {},
): Promise<FileLock | "held" | "unsupported"> {
  // Between opening and locking, its last holder may remove the file, and another make one anew: then again.
  for (;;) {
    const handle = await openLock(path, place);
    let kept = false;
    try {
      const locked = await tryLock(handle, place);
      // Nobody can hold it: what was made for nothing goes again.
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

/** A link would lead to a file of somebody else. Windows knows no such flag, and hardly links. */
function openLock(path: string, place: string): Promise<FileHandle> {
  return open(path, flags.O_RDWR | flags.O_CREAT | (flags.O_NOFOLLOW ?? 0), 0o666).catch((cause: unknown) => {
    if (codeOf(cause) === "ELOOP")
      throw new InputError(`${path} is a symbolic link; a lock is a file of its own. Remove the link.`, {
        cause,
      });
    throw writeProblem(cause, place);
  });
}

/** Loaded when first needed: what locks nothing runs on machines for which there is no such library, too. */
const loadExtensions = () =>
  import("fs-native-extensions").then(({ default: found }) => found).catch(() => undefined);

async function tryLock({ fd }: FileHandle, place: string): Promise<true | "held" | "unsupported"> {
  const extensions = await loadExtensions();
  if (!extensions) return "unsupported";
  try {
    return extensions.tryLock(fd) || "held";
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
