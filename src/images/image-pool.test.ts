import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { EngineError, FileError } from "../errors.ts";
import { ImagePool, type ImagePoolOptions } from "./image-pool.ts";

const folder = temporaryFolder("image-pool");
/** Processes that do not do what they should: bodies of a listener. */
const processes = {
  "exit.mjs":
    'if (task.where.startsWith("bad")) process.exit(7); process.send({ type: "done", result: task.where });',
  "throw.mjs":
    'if (task.where.startsWith("bad")) throw new Error("out of luck"); process.send({ type: "done", result: task.where });',
  // Killed once at this image, as by the operating system.
  "killed.mjs": `
    if (task.where === "killed.png" && once("killed")) process.kill(process.pid, "SIGKILL");
    else process.send({ type: "done", result: task.where });`,
  "late.mjs": 'process.send({ type: "done", result: task.where });',
  // Runs for as long as it is let, within 2 GiB.
  "filling.mjs":
    "for (const kept = []; ; pause()) if (kept.length < 128) kept.push(Buffer.alloc(2 ** 24, 1));",
  "silent.mjs": "",
  "brief.mjs": 'process.send({ type: "done", result: process.pid }, () => process.exit(1));',
  // Works for 300 ms in which it is not stopped.
  "slow.mjs": 'for (let i = 0; i < 60; i++) pause(); process.send({ type: "done", result: process.pid });',
  // Neither a signal handler nor an orderly exit can interrupt this.
  "stuck.mjs": 'process.on("SIGTERM", () => {}); pbkdf2Sync("a", "b", 2 ** 31 - 1, 64, "sha512");',
  // Answers with the limits it was given; everything is large at first, and one grows while it is decoded.
  "large.mjs": `
    if (memory.estimatedBytes !== Infinity) process.send({ type: task.where === "liar" ? "overgrown" : "large" });
    else if (task.where === "giant") process.send({ type: "overgrown" });
    else setTimeout(() => process.send({ type: "done", result: { at: [Date.now() - 40, Date.now()] } }), 40);`,
};
beforeAll(() =>
  Promise.all(
    Object.entries(processes).map(([name, body]) =>
      writeFile(
        join(folder, name),
        `import { pbkdf2Sync } from "node:crypto";
         import { openSync } from "node:fs";
         const once = (name) => { try { return openSync(${JSON.stringify(folder)} + "/" + name, "wx") > 0; } catch { return false; } };
         const pause = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
         if (import.meta.url.endsWith("late.mjs") && once("late")) process.exit(1);
         process.send({ type: "ready" });
         process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
         process.on("message", ({ task, memory }) => { ${body} });`,
      ),
    ),
  ),
);

const poolOf = (name: string, options: Partial<ImagePoolOptions> & { readonly count?: number } = {}) =>
  new ImagePool(options.count ?? 1, { file: pathToFileURL(join(folder, name)), ...options });
const load = (path: string) =>
  ({ type: "load", where: path, source: { type: "path", path }, steps: [] }) as const;
const task = load("none.png");
const closed = new EngineError("The image store was closed while images were being read.");

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("ImagePool", () => {
  it.each([
    ["exit.mjs", "exit code 7"],
    ["throw.mjs", "Error: out of luck"],
  ])("refuses an image at which two processes died, and reads the others (%s)", async (name, how) => {
    const pool = poolOf(name);
    const paths = ["bad.png", "good.png", "bad too.png", "good too.png"];
    const outcomes = await Promise.allSettled(paths.map((path) => pool.run(load(path))));
    for (const [index, outcome] of outcomes.entries()) {
      const path = paths[index] ?? "";
      const message = `${path} made two processes that decode images end, one after the other: ${how}. Memory may have run out, or its decoder crashes: save it again as PNG, or remove it.`;
      if (path.startsWith("good")) expect(outcome).toEqual({ status: "fulfilled", value: path });
      else expect(outcome).toEqual({ status: "rejected", reason: new FileError(message) });
    }
    expect(await pool.run(load("good again.png"))).toBe("good again.png");
    expect(pool.ended).toBe(false);
    await pool.close();
  });

  it("decodes an image again whose process somebody killed, and continues", async () => {
    const pool = poolOf("killed.mjs", { count: 2 });
    const run = async (path: string) => (await pool.run(load(path))) as unknown as string;
    expect(await Promise.all(["killed.png", "a.png"].map(run))).toEqual(["killed.png", "a.png"]);
    expect(await run("b.png")).toBe("b.png");
    await pool.close();
  });

  it("starts a process again that ended before it was ready", async () => {
    const pool = poolOf("late.mjs", { count: 2 });
    const run = async (path: string) => (await pool.run(load(path))) as unknown as string;
    expect(await Promise.all(["a.png", "b.png", "c.png"].map(run))).toEqual(["a.png", "b.png", "c.png"]);
    await pool.close();
  });

  it.each(["missing.mjs", "missing.ts"])("rejects everything when no process starts (%s)", async (name) => {
    const pool = poolOf(name, { count: 2 });
    for (const outcome of await Promise.allSettled([pool.run(task), pool.run(task), pool.run(task)])) {
      if (outcome.status !== "rejected") throw new Error("it was done");
      expect(outcome.reason).toBeInstanceOf(EngineError);
      expect(outcome.reason.message).toContain("No image process can be started: Error");
      expect(outcome.reason.message).toContain(name);
      expect(outcome.reason.message).toContain("Memory may have run out: use fewer processes.");
    }
    expect(pool.ended).toBe(true);
    await expect(pool.run(task)).rejects.toThrow("No image process can be started");
    await pool.close();
  });

  it("rejects everything when starting a process throws", async () => {
    const pool = new ImagePool(1, { file: new URL("https://example.org/a.mjs") });
    for (const outcome of await Promise.allSettled([pool.run(task), pool.run(task)]))
      expect(outcome).toEqual({
        status: "rejected",
        reason: new EngineError(
          "No image process can be started: The URL must be of scheme file. Memory may have run out: use fewer processes.",
        ),
      });
    await pool.close();
  });

  it.runIf(process.platform === "linux")(
    "ends a process whose decoder fills memory and never lets a timer run",
    async () => {
      const [usual, large] = [2 ** 26, 2 ** 27].map((bytes) => ({
        estimatedBytes: Number.POSITIVE_INFINITY,
        measuredBytes: bytes,
      }));
      const pool = poolOf("filling.mjs", { usual, large });
      await expect(pool.run(load("bomb.heic"))).rejects.toThrow(
        new FileError(
          "bomb.heic takes more than 0.125 GiB of memory to decode. Make it smaller or remove it.",
        ),
      );
      await pool.close();
    },
  );

  it.each(["silent.mjs", "stuck.mjs"])("rejects what is unfinished when closed (%s)", async (name) => {
    const pool = poolOf(name);
    const settled = Promise.allSettled([pool.run(task), pool.run(task), pool.run(task)]);
    await new Promise((resolve) => setTimeout(resolve, 150)); // so that it has begun
    await pool.close();
    for (const outcome of await settled) expect(outcome).toEqual({ status: "rejected", reason: closed });
  });

  it("starts another process when one dies that had nothing to do", async () => {
    const pool = poolOf("brief.mjs");
    const run = async () => (await pool.run(task)) as unknown as number;
    const first = await run();
    while (isAlive(first)) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 50)); // until the pool has heard of it too
    expect(await run()).not.toBe(first);
    await pool.close();
  });

  it("ends a process that takes too long with one image, and continues with the next", async () => {
    const pool = poolOf("stuck.mjs", { timeLimitMs: 300 });
    for (const path of ["a.png", "b.png"])
      await expect(pool.run(load(path))).rejects.toThrow(
        new FileError(
          `${path} is not decoded after 0.3 s, which no valid image takes. Save it again as PNG or remove it.`,
        ),
      );
    await pool.close();
  });

  it.skipIf(process.platform === "win32")(
    "does not count time in which everything stood still, as between Ctrl-Z and fg",
    async () => {
      const pool = poolOf("slow.mjs", { timeLimitMs: 3000 });
      const pid = (await pool.run(task)) as unknown as number;
      const answer = pool.run(task);
      await new Promise((resolve) => setTimeout(resolve, 100)); // until it has begun
      process.kill(pid, "SIGSTOP");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4000);
      process.kill(pid, "SIGCONT");
      expect(await answer).toBe(pid);
      await pool.close();
    },
  );

  it("does one at a time of those that need much memory, whether or not they say so", async () => {
    const pool = poolOf("large.mjs", { count: 3 });
    const run = async (path: string) =>
      (await pool.run(load(path))) as unknown as { readonly at: [number, number] };
    const spans = (await Promise.all(["a", "b", "liar", "c"].map(run))).map(({ at }) => at);
    const ordered = spans.toSorted(([a], [b]) => a - b);
    for (const [index, [from]] of ordered.slice(1).entries())
      expect(from).toBeGreaterThanOrEqual((ordered[index]?.[1] ?? Number.NaN) - 5); // of two processes' clocks
    await expect(run("giant")).rejects.toThrow(
      new FileError("giant takes more than 2.5 GiB of memory to decode. Make it smaller or remove it."),
    );
    await pool.close();
  });

  it("continues after an image that cannot be read", async () => {
    const pool = new ImagePool(1);
    await expect(pool.run(task)).rejects.toThrow(new FileError("none.png cannot be read: no such file."));
    const image = { width: 2, height: 1, pixels: Uint8Array.from([1, 2, 3, 4, 5, 6]) };
    const flipped = await pool.run({ type: "transform", where: "x", image, actions: [{ type: "flip" }] });
    expect([...flipped.pixels]).toEqual([4, 5, 6, 1, 2, 3]);
    expect(image.pixels.length).toBe(6);
    await pool.close();
  });

  it("decodes an image that needs much memory", async () => {
    const path = join(folder, "large.png");
    const side = 7200; // 6 bytes for each of 52 million pixels are more than the usual 288 MiB
    await sharp({ create: { width: side, height: side, channels: 3, background: "#123456" } })
      .png({ compressionLevel: 1 })
      .toFile(path);
    const pool = new ImagePool(2);
    const resize = ["resize", { size: [1, 1], filter: "box" }] as const;
    const one = { ...load(path), steps: [resize] };
    const images = await Promise.all([pool.run(one), pool.run(one)]);
    for (const { pixels } of images) expect([...pixels]).toEqual([0x12, 0x34, 0x56]);
    await pool.close();
  });
});
