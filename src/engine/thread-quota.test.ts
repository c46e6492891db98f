import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { InputError } from "../errors.ts";
import { chooseThreads, readCpuLimits } from "./thread-quota.ts";

const folder = temporaryFolder("thread-quota");
let roots = 0;

/** A root of these files. */
async function systemOf(files: Readonly<Record<string, string>>): Promise<string> {
  const root = join(folder, `${roots++}`);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

const group = "proc/self/cgroup";
const v1 = "sys/fs/cgroup/cpu";

describe("the quota", () => {
  it.each<[name: string, files: Record<string, string>, quota: number]>([
    ["of no control groups", {}, Number.POSITIVE_INFINITY],
    ["of version 2", { [group]: "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n" }, 1.5],
    [
      "that is none",
      { [group]: "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n" },
      Number.POSITIVE_INFINITY,
    ],
    [
      "of the strictest group above",
      {
        [group]: "0::/a/b\n",
        "sys/fs/cgroup/a/b/cpu.max": "400000 100000\n",
        "sys/fs/cgroup/a/cpu.max": "200000 100000\n",
        "sys/fs/cgroup/cpu.max": "max 100000\n",
      },
      2,
    ],
    [
      "in a container that sees the host's path",
      { [group]: "0::/system.slice/docker-1.scope\n", "sys/fs/cgroup/cpu.max": "300000 100000\n" },
      3,
    ],
    [
      "of version 1",
      {
        [group]: "5:memory:/x\n4:cpu,cpuacct:/x\n0::/\n",
        "sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us": "50000\n",
        "sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us": "100000\n",
      },
      0.5,
    ],
    [
      "of version 1 that is none",
      { [group]: "1:cpu:/\n", [`${v1}/cpu.cfs_quota_us`]: "-1\n", [`${v1}/cpu.cfs_period_us`]: "100000\n" },
      Number.POSITIVE_INFINITY,
    ],
    ["in a damaged file", { [group]: "0::/\n", "sys/fs/cgroup/cpu.max": "\n" }, Number.POSITIVE_INFINITY],
  ])("%s", async (_name, files, quota) => {
    expect(readCpuLimits(await systemOf(files)).quota).toBe(quota);
  });
});

describe("physical cores", () => {
  const siblings = (lists: Record<number, string>) =>
    Object.fromEntries(
      Object.entries(lists).map(([core, list]) => [
        `sys/devices/system/cpu/cpu${core}/topology/thread_siblings_list`,
        `${list}\n`,
      ]),
    );
  const allowed = (list: string) => ({ "proc/self/status": `Name:\tnode\nCpus_allowed_list:\t${list}\n` });

  it.each<[name: string, files: Record<string, string>, cores: number | undefined]>([
    ["are not told", {}, undefined],
    ["are not told of every core", { ...allowed("0-1"), ...siblings({ 0: "0" }) }, undefined],
    ["have two threads", { ...allowed("0-3"), ...siblings({ 0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3" }) }, 2],
    [
      "are counted where the process may run",
      { ...allowed("0,2-3"), ...siblings({ 0: "0-1", 2: "2-3", 3: "2-3" }) },
      2,
    ],
  ])("%s", async (_name, files, cores) => {
    expect(readCpuLimits(await systemOf(files)).physicalCores).toBe(cores);
  });
});

describe("chooseThreads", () => {
  const limits = { logicalCores: 8, machineCores: 8, physicalCores: 4, quota: Number.POSITIVE_INFINITY };

  it.each([
    ["as many as physical cores", {}, 4],
    ["as many as the quota", { quota: 2.5 }, 2],
    ["one where the quota is less than a core", { quota: 0.5 }, 1],
    ["ONNX Runtime's own count where cores are not told", { physicalCores: undefined }, 0],
    ["the cores of the process where those are fewer", { physicalCores: undefined, logicalCores: 3 }, 3],
    [
      "the quota, be it more than physical cores, where those are not told",
      { physicalCores: undefined, quota: 6 },
      6,
    ],
  ])("takes %s", (_name, changed, threads) => {
    expect(chooseThreads(undefined, { ...limits, ...changed })).toEqual({ threads, notes: [] });
  });

  it.each([
    [8, limits],
    [2, { ...limits, quota: 2 }],
  ])("takes the %i asked for without a word", (asked, given) => {
    expect(chooseThreads(asked, given)).toEqual({ threads: asked, notes: [] });
  });

  it.each([
    [
      9,
      {},
      "9 threads were asked for, but this process may use 8 cores. Threads without a core of their own make a run many times slower; ask for at most 8.",
    ],
    [
      2,
      { quota: 1 },
      "2 threads were asked for, but this process may use 1 core, its container's quota. Threads without a core of their own make a run many times slower; ask for at most 1.",
    ],
  ])("takes %i, and says that they are too many", (asked, changed, note) => {
    expect(chooseThreads(asked, { ...limits, ...changed })).toEqual({ threads: asked, notes: [note] });
  });

  it.each([0, -1, 1.5, 257, 99_999_999])("refuses %d threads, which no machine has", (asked) => {
    expect(() => chooseThreads(asked)).toThrow(
      new InputError(`threads must be a whole number from 1 to 256, got ${asked}.`),
    );
  });
});
