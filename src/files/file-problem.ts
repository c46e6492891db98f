/** Translates the system's file errors into ours, each with a next step. */

import { EngineError, FileError, InputError, RlrrError } from "../errors.ts";

/** The system's name for what went wrong, such as ENOENT. */
export const codeOf = (cause: unknown): string | undefined =>
  cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined;

interface Reason {
  /** Whether the machine is the cause: a good file must not be skipped because of it. */
  readonly machine?: true;
  readonly why: string;
}

const whyUnreadable: Readonly<Record<string, Reason>> = {
  ENOENT: { why: "no such file." },
  ENOTDIR: { why: "no such file." },
  EACCES: { why: "no permission to read it." },
  EPERM: { why: "no permission to read it." },
  EISDIR: { why: "it is a folder; a file is needed." },
  ELOOP: { why: "its link leads in a circle." },
  ENAMETOOLONG: { why: "its name is too long." },
  ERR_INVALID_ARG_VALUE: { why: "its name holds a zero byte." },
  EMFILE: { machine: true, why: "too many files are open. Raise the limit with ulimit -n." },
  ENFILE: { machine: true, why: "too many files are open on this machine." },
  ENOMEM: { machine: true, why: "there is no memory left." },
  EIO: { machine: true, why: "the disk failed (EIO). Check the disk." },
};

/** Why `path` could not be read, as one of our errors. */
export function readFailure(path: string, cause: unknown): FileError | EngineError {
  const code = codeOf(cause) ?? String(cause);
  const { why, machine } = (Object.hasOwn(whyUnreadable, code) ? whyUnreadable[code] : undefined) ?? {
    why: `${code}.`,
  };
  const message = `${path} cannot be read: ${why}`;
  return machine ? new EngineError(message, { cause }) : new FileError(message, { cause });
}

/** The same for what the user has named, where a missing file is theirs to correct. Other errors are passed on. */
export function readProblem(cause: unknown, path: string): unknown {
  const code = codeOf(cause);
  if (cause instanceof RlrrError || code === undefined || !Object.hasOwn(whyUnreadable, code)) return cause;
  if (code === "ENOENT" || code === "ENOTDIR")
    return new InputError(`${path}: there is no such file.`, { cause });
  return readFailure(path, cause);
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
  ERR_INVALID_ARG_VALUE: "its name holds a zero byte. Choose another one.",
  ELOOP: "it is a symbolic link, which is not followed. Remove the link, or write elsewhere.",
  EIO: "the disk failed (EIO). Check the disk.",
};

/** The error to throw when writing `path` failed with `cause`; a cause that nobody expected is passed on. */
export function writeProblem(cause: unknown, path: string): unknown {
  const code = codeOf(cause);
  const why = code === undefined ? undefined : whyUnwritable[code];
  return why === undefined ? cause : new EngineError(`${path} could not be written: ${why}`, { cause });
}
