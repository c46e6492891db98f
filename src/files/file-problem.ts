/** What the system says about a file, turned into one of our errors with a next step. */

import { EngineError, FileError, InputError } from "../errors.ts";

const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined;

const whyUnreadable: Readonly<Record<string, string>> = {
  EACCES: "may not be read. Change its permissions.",
  EPERM: "may not be read. Change its permissions.",
  EISDIR: "is a folder; a file is needed.",
  EIO: "could not be read from the disk (EIO). Check the disk.",
  ELOOP: "is a symbolic link that leads back to itself.",
  ENAMETOOLONG: "has a name that is too long.",
};

/** The error to throw when reading `path` failed with `cause`; a cause that nobody expected is passed on. */
export function readProblem(cause: unknown, path: string): unknown {
  const code = codeOf(cause);
  if (code === "ENOENT" || code === "ENOTDIR")
    return new InputError(`${path}: there is no such file.`, { cause });
  if (code === "EMFILE" || code === "ENFILE")
    return new EngineError(`${path}: too many files are open (${code}). Raise the limit with ulimit -n.`, {
      cause,
    });
  const why = code === undefined ? undefined : whyUnreadable[code];
  return why === undefined ? cause : new FileError(`${path} ${why}`, { cause });
}

const whyUnwritable: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full. Free some space, or write elsewhere.",
  EDQUOT: "the disk quota is used up. Free some space, or write elsewhere.",
  EFBIG: "the file is too large for this disk. Write elsewhere.",
  EACCES: "writing is not allowed there. Change the permissions, or write elsewhere.",
  EPERM: "writing is not allowed there. Change the permissions, or write elsewhere.",
  EROFS: "the disk is read-only. Write elsewhere.",
  EISDIR: "there is a folder of that name. Remove it, or write elsewhere.",
  ENOTEMPTY: "there is a folder of that name. Remove it, or write elsewhere.",
  EEXIST: "there is a file of that name. Remove it, or write elsewhere.",
  ENOENT: "its folder does not exist. Make it, or write elsewhere.",
  ENOTDIR: "part of its path is a file, not a folder. Write elsewhere.",
  ENAMETOOLONG: "the name is too long. Choose a shorter one.",
  EIO: "the disk failed (EIO). Check the disk.",
};

/** The error to throw when writing `path` failed with `cause`; a cause that nobody expected is passed on. */
export function writeProblem(cause: unknown, path: string): unknown {
  const code = codeOf(cause);
  const why = code === undefined ? undefined : whyUnwritable[code];
  return why === undefined ? cause : new EngineError(`${path} could not be written: ${why}`, { cause });
}
