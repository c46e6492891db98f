import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { InputError } from "../errors.ts";
import { FolderLockedError, takeLock } from "./run-lock.ts";

const root = temporaryFolder("run-lock");
const fresh = (): string => mkdtempSync(join(root, "run-"));
const leave = (folder: string, text: string) => writeFileSync(join(folder, "run.lock"), text);
/** The number of a process that has ended. */
const { pid: gone } = spawnSync(process.execPath, ["--version"]);

describe("takeLock", () => {
  it("names its holder, and leaves nothing when released", async () => {
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
      new FolderLockedError(
        `${folder}: another process is training here (process ${process.pid} on ${hostname()}). Wait for it, or give another folder as out.`,
      ),
    );
    await unlock();
    await (await takeLock(folder))();
  });

  const module = new URL("run-lock.ts", import.meta.url).href;
  /** A process that holds the lock of `folder` until it is killed. */
  async function holder(folder: string) {
    const source = `
      import { FolderLockedError, takeLock } from ${JSON.stringify(module)};
      await takeLock(${JSON.stringify(folder)});
      process.stdout.write("held");
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", source]);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    const kill = async () => {
      child.kill("SIGKILL");
      await ended;
    };
    return { pid: child.pid, kill };
  }

  it("refuses while another process lives, whatever the file says, and takes over when it is gone", async () => {
    const folder = fresh();
    const { pid, kill } = await holder(folder);
    await expect(takeLock(folder)).rejects.toThrow(
      `${folder}: another process is training here (process ${pid} on ${hostname()}). Wait for it, or give another folder as out.`,
    );
    leave(folder, JSON.stringify({ pid: gone, host: hostname() }));
    await expect(takeLock(folder)).rejects.toThrow(
      `${folder}: another process is training here (process ${gone} on ${hostname()}).`,
    );
    leave(folder, "");
    await expect(takeLock(folder)).rejects.toThrow(`${folder}: another process is training here. Wait`);
    await kill();
    expect(readdirSync(folder)).toEqual(["run.lock"]);
    await (await takeLock(folder))();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("removes its own lock alone", async () => {
    const folder = fresh();
    const unlock = await takeLock(folder);
    rmSync(join(folder, "run.lock"));
    leave(folder, "another's");
    await unlock();
    expect(readFileSync(join(folder, "run.lock"), "utf8")).toBe("another's");
  });

  it.each([
    ["of a process that is gone", JSON.stringify({ pid: gone, host: hostname() })],
    ["whose process number somebody else has now", JSON.stringify({ pid: process.ppid, host: hostname() })],
    ["of our own process id, as in a restarted container", JSON.stringify({ pid: process.pid, host: "x" })],
    ["of a machine of another name", JSON.stringify({ pid: gone, host: "elsewhere" })],
    ["that was never written", ""],
    ["that a power cut left", "\0\0\0"],
    ["that is damaged", '{"pid":'],
    ["that names no process", '{"pid":-1,"host":"x"}'],
  ])("takes over a lock %s", async (_, text) => {
    const folder = fresh();
    leave(folder, text);
    const unlock = await takeLock(folder);
    expect(readdirSync(folder)).toEqual(["run.lock"]);
    await unlock();
  });

  it("is not kept out by what an earlier version left when it was killed while taking over", async () => {
    const folder = fresh();
    leave(folder, JSON.stringify({ pid: gone, host: hostname() }));
    writeFileSync(join(folder, "run.lock.turn"), JSON.stringify({ pid: gone, host: hostname() }));
    await (await takeLock(folder))();
  });

  it.each([
    [
      "is another's file",
      (path: string) => writeFileSync(path, "a diary"),
      "is no lock of this program and would be removed. Move it elsewhere.",
    ],
    [
      "is a link",
      (path: string) => symlinkSync("target", path),
      "is a symbolic link; a lock is a file of its own. Remove the link.",
    ],
  ])("touches nothing where the lock %s", async (_, make, message) => {
    const folder = fresh();
    writeFileSync(join(folder, "target"), "precious");
    make(join(folder, "run.lock"));
    await expect(takeLock(folder)).rejects.toThrow(new InputError(`${folder}/run.lock ${message}`));
    expect(readdirSync(folder)).toEqual(["run.lock", "target"]);
    expect(readFileSync(join(folder, "target"), "utf8")).toBe("precious");
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
