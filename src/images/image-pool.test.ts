import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { EngineError, FileError } from "../errors.ts";
import { ImagePool } from "./image-pool.ts";

const folder = temporaryFolder("image-pool");
/** Processes that do not do what they should: bodies of a listener. */
const processes = {
  "exit.mjs": "process.exit(7);",
  "throw.mjs": 'throw new Error("out of luck");',
  "silent.mjs": "",
  "brief.mjs": 'process.send({ type: "done", result: process.pid }, () => process.exit(1));',
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
         process.on("disconnect", () => process.kill(process.pid, "SIGKILL"));
         process.on("message", ({ task, memory }) => { ${body} });`,
      ),
    ),
  ),
);

const poolOf = (name: string, options: { readonly timeLimitMs?: number; readonly count?: number } = {}) =>
  new ImagePool(options.count ?? 1, { file: pathToFileURL(join(folder, name)), ...options });
const load = (path: string) =>
  ({ type: "load", where: path, source: { type: "path", path }, steps: [] }) as const;
const task = load("none.png");
const advice = "Memory may have run out: use fewer processes or smaller images.";
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
    ["exit.mjs", "at none.png: exit code 7."],
    ["throw.mjs", "at none.png: Error: out of luck."],
  ])("rejects everything, running and queued, when a process dies (%s)", async (name, how) => {
    const pool = poolOf(name);
    const message = `An image process stopped ${how} ${advice}`;
    const outcomes = await Promise.allSettled([pool.run(task), pool.run(task), pool.run(task)]);
    for (const outcome of outcomes)
      expect(outcome).toEqual({ status: "rejected", reason: new EngineError(message) });
    await expect(pool.run(task)).rejects.toThrow(message);
    await pool.close();
  });

  it.each(["missing.mjs", "missing.ts"])("rejects everything when its file is missing (%s)", async (name) => {
    const pool = poolOf(name, { count: 2 });
    for (const outcome of await Promise.allSettled([pool.run(task), pool.run(task), pool.run(task)])) {
      if (outcome.status !== "rejected") throw new Error("it was done");
      expect(outcome.reason).toBeInstanceOf(EngineError);
      expect(outcome.reason.message).toContain("An image process stopped at none.png: Error");
      expect(outcome.reason.message).toContain(name);
    }
    await pool.close();
  });

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
