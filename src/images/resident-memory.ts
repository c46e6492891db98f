/** How much memory another process holds, where the operating system tells without a program of its own: on Linux. */

import { readFileSync } from "node:fs";

/** Resident bytes of a process; undefined where that is not known, or the process is gone. */
export function residentBytes(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
