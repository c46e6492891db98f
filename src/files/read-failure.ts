/** Why the system would not read a file or folder, in words. */

import { EngineError, FileError } from "../errors.ts";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EACCES: "no permission to read it",
  EPERM: "no permission to read it",
  ELOOP: "its link leads in a circle",
  ENAMETOOLONG: "its name is too long",
  ERR_INVALID_ARG_VALUE: "its name holds a zero byte",
};

/** Not the file's fault: a good image must not be left out because of them. */
const machineReasons: Readonly<Record<string, string>> = {
  EMFILE: "too many files are open. Raise the limit with ulimit -n.",
  ENFILE: "too many files are open on this machine.",
  ENOMEM: "there is no memory left.",
  EIO: "the disk failed (EIO). Check the disk.",
};

/** The system's error as one of ours, naming the path. */
export function readFailure(path: string, cause: unknown): FileError | EngineError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  const machine = machineReasons[code];
  if (machine !== undefined) return new EngineError(`${path} cannot be read: ${machine}`, { cause });
  return new FileError(`${path} cannot be read: ${reasons[code] ?? code}.`, { cause });
}
