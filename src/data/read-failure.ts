/** Why the system would not read a file or folder, in words. */

import { FileError } from "../errors.ts";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EACCES: "no permission to read it",
  EPERM: "no permission to read it",
  ELOOP: "its link leads in a circle",
  ENAMETOOLONG: "its name is too long",
  EMFILE: "too many files are open",
  ERR_INVALID_ARG_VALUE: "its name holds a zero byte",
};

/** The system's error as one of ours, naming the path. */
export function readFailure(path: string, cause: unknown): FileError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  return new FileError(`${path} cannot be read: ${reasons[code] ?? code}.`, { cause });
}
