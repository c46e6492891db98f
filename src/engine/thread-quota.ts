/** How many threads to start: the cores that this process may use, within its container's quota. */

import { readFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { dirname, join } from "node:path";
import { InputError } from "../errors.ts";
import { limits } from "../limits.ts";

/** 0 leaves the count to ONNX Runtime, which takes physical cores. */
export interface Threads {
  readonly threads: number;
  readonly notes: readonly string[];
}

const MAX_THREADS = limits.MAX_THREADS.value;

/** `asked` is taken as it is, with a note where it is more than there are cores; a count that no machine has is refused. */
export function chooseThreads(asked: number | undefined, cpu: CpuLimits = readCpuLimits()): Threads {
  if (asked !== undefined && !(Number.isInteger(asked) && asked >= 1 && asked <= MAX_THREADS))
    throw new InputError(
      (show) => `${show("threads")} must be a whole number from 1 to ${MAX_THREADS}, got ${asked}.`,
    );
  const most = Math.max(1, Math.floor(Math.min(cpu.logicalCores, cpu.quota)));
  if (asked === undefined)
    return { threads: Math.min(most, cpu.physicalCores ?? defaultCount(cpu)), notes: [] };
  if (asked <= most) return { threads: asked, notes: [] };
  const quota = most < cpu.logicalCores ? ", its container's quota" : "";
  const note = `${asked} threads were asked for, but this process may use ${most} ${most === 1 ? "core" : "cores"}${quota}. Threads without a core of their own make a run many times slower; ask for at most ${most}.`;
  return { threads: asked, notes: [note] };
}

/** Where physical cores are not told: ONNX Runtime's own count, unless it would overlook a limit. */
const defaultCount = ({ logicalCores, machineCores, quota }: CpuLimits): number =>
  logicalCores < machineCores || quota < machineCores ? logicalCores : 0;

export interface CpuLimits {
  /** Cores that the scheduler lets this process use, and those of the whole machine. */
  readonly logicalCores: number;
  readonly machineCores: number;
  /** Of `logicalCores`, those that are not a second thread of another; only Linux tells. */
  readonly physicalCores: number | undefined;
  /** Cores' worth of time that the process group may take; Infinity without a quota. */
  readonly quota: number;
}

/** What the system says. `root` is where `proc` and `sys` lie. */
export function readCpuLimits(root = "/"): CpuLimits {
  return {
    logicalCores: availableParallelism(),
    machineCores: cpus().length,
    physicalCores: countPhysicalCores(root),
    quota: readQuota(root),
  };
}

/** The smallest quota of the process's control groups and of all groups above them, of version 1 or 2. */
function readQuota(root: string): number {
  const groups = read(root, "proc/self/cgroup").split("\n");
  const quotas = groups.flatMap((line) => {
    // `0::/path` of version 2; `4:cpu,cpuacct:/path` of version 1
    const [, controllers = "", path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) return [];
    const unified = controllers === "";
    if (!unified && !controllers.split(",").includes("cpu")) return [];
    const quotaIn = unified ? quotaOfVersion2 : quotaOfVersion1;
    const mounts = unified ? ["", "unified"] : [controllers, "cpu"];
    return foldersAbove(path).flatMap((folder) =>
      mounts.map((mount) => quotaIn(root, join("sys/fs/cgroup", mount, folder))),
    );
  });
  return Math.min(Number.POSITIVE_INFINITY, ...quotas);
}

/** `/a/b`, `/a` and `/`: in a container the path may be the host's, where only the last exists. */
const foldersAbove = (path: string): string[] =>
  path === "/" ? ["/"] : [path, ...foldersAbove(dirname(path))];

/** `200000 100000`: two cores' time; `max 100000`: no quota. */
function quotaOfVersion2(root: string, folder: string): number {
  const [quota, period] = read(root, join(folder, "cpu.max")).trim().split(" ");
  return coresOf(Number(quota), Number(period));
}

/** -1 is no quota. */
const quotaOfVersion1 = (root: string, folder: string): number =>
  coresOf(
    Number(read(root, join(folder, "cpu.cfs_quota_us")) || Number.NaN),
    Number(read(root, join(folder, "cpu.cfs_period_us")) || Number.NaN),
  );

const coresOf = (quota: number, period: number): number =>
  quota > 0 && period > 0 ? quota / period : Number.POSITIVE_INFINITY;

/** Groups of logical cores that share a physical one, among those that the process may use. */
function countPhysicalCores(root: string): number | undefined {
  const [, allowed] = /^Cpus_allowed_list:\s*(\S+)$/m.exec(read(root, "proc/self/status")) ?? [];
  if (allowed === undefined) return undefined;
  const siblings = parseCoreList(allowed).map((core) =>
    read(root, `sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`).trim(),
  );
  return siblings.length === 0 || siblings.includes("") ? undefined : new Set(siblings).size;
}

/** `0-2,8` is 0, 1, 2, 8. */
const parseCoreList = (text: string): number[] =>
  text.split(",").flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split("-").map(Number);
    return last >= first ? Array.from({ length: last - first + 1 }, (_, index) => first + index) : [];
  });

/** A file's text; nothing where it cannot be read, as on other systems. */
function read(root: string, path: string): string {
  try {
    return readFileSync(join(root, path), "utf8");
  } catch {
    return "";
  }
}
