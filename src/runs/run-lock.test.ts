import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { InputError } from "../errors.ts";
import { takeLock } from "./run-lock.ts";

const root = temporaryFolder("run-lock");
const fresh = (): string => mkdtempSync(join(root, "run-"));
const leave = (folder: string, text: string) => writeFileSync(join(folder, "run.lock"), text);
/** The number of a process that has ended. */
const { pid: gone } = spawnSync(process.execPath, ["--version"]);

describe("takeLock", () => {
  it("names its holder, and leaves nothing when given back", async () => {
    const folder = fresh();
    const unlock = await takeLock(folder);
    const text = readFileSync(join(folder, "run.lock"), "utf8");
    expect(JSON.parse(text)).toMatchObject({ pid: process.pid, host: hostname() });
    await unlock();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("refuses a second run of this process", async () => {
    const folder = fresh();
    const unlock = await takeLock(folder);
    await expect(takeLock(folder)).rejects.toThrow(
      new InputError(
        `${folder}: another process is training here (process ${process.pid} on ${hostname()}). Wait for it, or give another folder as --out. If it is gone, remove ${folder}/run.lock.`,
      ),
    );
    await unlock();
    await (await takeLock(folder))();
  });

  it("refuses while another process lives, and takes over when it is gone", async () => {
    const folder = fresh();
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    leave(folder, JSON.stringify({ pid: child.pid, host: hostname() }));
    await expect(takeLock(folder)).rejects.toThrow(
      `${folder}: another process is training here (process ${child.pid} on ${hostname()}).`,
    );
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    await (await takeLock(folder))();
    expect(existsSync(join(folder, "run.lock"))).toBe(false);
  });

  it("believes another machine", async () => {
    const folder = fresh();
    leave(folder, JSON.stringify({ pid: gone, host: "elsewhere" }));
    await expect(takeLock(folder)).rejects.toThrow(`(process ${gone} on elsewhere).`);
  });

  it("gives a stale lock to one of many that ask for it at once", async () => {
    const folder = fresh();
    leave(folder, JSON.stringify({ pid: gone, host: hostname() }));
    const taken = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(folder)));
    const unlocks = taken.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
    expect(unlocks).toHaveLength(1);
    expect(readdirSync(folder)).toEqual(["run.lock"]);
    await unlocks[0]?.();
  });

  it("gives back its own lock alone", async () => {
    const folder = fresh();
    const unlock = await takeLock(folder);
    leave(folder, "another's");
    await unlock();
    expect(readFileSync(join(folder, "run.lock"), "utf8")).toBe("another's");
  });

  it.each([
    ["of a process that is gone", JSON.stringify({ pid: gone, host: hostname() })],
    ["of our own number, which we do not hold", JSON.stringify({ pid: process.pid, host: hostname() })],
    ["that was never written", ""],
    ["that is damaged", '{"pid":'],
    ["that names no process", '{"pid":-1,"host":"x"}'],
  ])("takes over a lock %s", async (_, text) => {
    const folder = fresh();
    leave(folder, text);
    const unlock = await takeLock(folder);
    expect(readdirSync(folder)).toEqual(["run.lock"]);
    await unlock();
  });

  it("lets one of many in", async () => {
    const folder = fresh();
    leave(folder, JSON.stringify({ pid: gone, host: hostname() }));
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(folder)));
    const winners = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    expect(winners).toHaveLength(1);
    for (const unlock of winners) await unlock();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("says what stands in the way of a lock", async () => {
    const missing = join(root, "missing");
    await expect(takeLock(missing)).rejects.toThrow(
      `${missing}/run.lock could not be written: its folder does not exist. Make it, or write elsewhere.`,
    );
  });
});
