import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EngineError, FileError } from "../errors.ts";
import { ImagePool } from "./image-pool.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rlrr-pool-"));
  await writeFile(
    join(folder, "exit.mjs"),
    'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => process.exit(7));',
  );
  await writeFile(
    join(folder, "throw.mjs"),
    'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => { throw new Error("out of luck"); });',
  );
  await writeFile(
    join(folder, "silent.mjs"),
    'import { parentPort } from "node:worker_threads"; parentPort.on("message", () => {});',
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const poolOf = (name: string) => new ImagePool(1, { file: pathToFileURL(join(folder, name)) });
const task = { type: "load", path: "none.png", still: [] } as const;
const advice = "Memory may have run out: use fewer threads or smaller images.";

describe("ImagePool", () => {
  it.each([
    ["exit.mjs", `An image thread stopped with exit code 7. ${advice}`],
    ["throw.mjs", `An image thread stopped: out of luck. ${advice}`],
  ])("rejects everything, running and queued, when a thread dies (%s)", async (name, message) => {
    const pool = poolOf(name);
    const outcomes = await Promise.allSettled([pool.run(task), pool.run(task), pool.run(task)]);
    for (const outcome of outcomes)
      expect(outcome).toEqual({ status: "rejected", reason: new EngineError(message) });
    await expect(pool.run(task)).rejects.toThrow(message);
    await pool.close();
  });

  it("rejects what is unfinished when closed", async () => {
    const pool = poolOf("silent.mjs");
    const running = [pool.run(task), pool.run(task), pool.run(task)];
    const settled = Promise.allSettled(running);
    await pool.close();
    for (const outcome of await settled)
      expect(outcome).toEqual({
        status: "rejected",
        reason: new EngineError("The image store was closed while images were being read."),
      });
  });

  it("goes on after an image that cannot be read", async () => {
    const pool = new ImagePool(1);
    await expect(pool.run(task)).rejects.toThrow(new FileError("none.png cannot be read: no such file."));
    const image = { width: 2, height: 1, pixels: Uint8Array.from([1, 2, 3, 4, 5, 6]) };
    const flipped = await pool.run({ type: "transform", image, actions: [{ type: "flip" }] });
    expect([...flipped.pixels]).toEqual([4, 5, 6, 1, 2, 3]);
    expect(image.pixels.length).toBe(6); // lent, not taken
    await pool.close();
  });
});
