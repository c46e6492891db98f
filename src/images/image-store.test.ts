import { readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { FileError, InputError } from "../errors.ts";
import type { Step } from "../preprocessing/steps.ts";
import { openImageStore } from "./image-store.ts";

const folder = temporaryFolder("image-store");
const store = openImageStore({ threads: 1, cacheBytes: 100 });
afterAll(() => store.close());
const path = join(folder, "upload.png");
const write = (background: string, side = 2) =>
  sharp({ create: { width: side, height: side, channels: 3, background } })
    .png({ compressionLevel: 0 })
    .toFile(path);
beforeEach(() => write("red"));
const first = async () => [...(await store.load(path, [])).pixels.subarray(0, 3)];
const resize: Step = ["resize", { size: [1, 1], filter: "box" }];

describe("openImageStore", () => {
  it("decodes a file once, also for those who ask at the same time", async () => {
    const [a, b] = await Promise.all([store.load(path, []), store.load(path, [])]);
    expect(a).toBe(b);
    expect(await store.load(path, [])).toBe(a);
    expect((await store.load(path, [resize])).pixels).toEqual(Uint8Array.from([255, 0, 0]));
  });

  it("decodes a file again once it has changed, though its size and time have not", async () => {
    expect(await first()).toEqual([255, 0, 0]);
    const { atime, mtime, size } = await stat(path);
    await write("blue");
    expect((await stat(path)).size).toBe(size);
    await utimes(path, atime, mtime);
    expect(await first()).toEqual([0, 0, 255]);
    await write("lime", 3);
    expect(await first()).toEqual([0, 255, 0]);
  });

  it("says that a file is gone, though it has decoded it before", async () => {
    await first();
    await rm(path);
    await expect(first()).rejects.toThrow(new FileError(`${path} cannot be read: no such file.`));
  });

  it("tries again what has failed", async () => {
    await writeFile(path, "text");
    await expect(first()).rejects.toThrow(FileError);
    await write("blue");
    expect(await first()).toEqual([0, 0, 255]);
  });

  it("keeps no more than there is room for, and has the room again when a file changes", async () => {
    const other = join(folder, "other.png");
    await write("red", 5); // 75 bytes of 100
    const large = await store.load(path, []);
    await sharp(await readFile(path)).toFile(other);
    expect(await store.load(other, [])).not.toBe(await store.load(other, []));
    expect(await store.load(path, [])).toBe(large);
    await write("blue", 1);
    await store.load(path, []);
    expect(await store.load(other, [])).toBe(await store.load(other, []));
  });

  it("takes bytes and pixels, and keeps neither", async () => {
    const bytes = await readFile(path);
    const [a, b] = [await store.load(bytes, [resize]), await store.load(bytes, [resize])];
    expect(a).toEqual({ width: 1, height: 1, pixels: Uint8Array.from([255, 0, 0]) });
    expect(a).not.toBe(b);
    const raw = { width: 2, height: 1, data: Uint8Array.from([10, 20, 30, 50, 60, 70]) };
    expect((await store.load(raw, [resize])).pixels).toEqual(Uint8Array.from([30, 40, 50]));
    await expect(store.load(Buffer.from("text"), [], { where: "upload 7" })).rejects.toThrow(
      new FileError("upload 7 is text, not an image. Replace it or remove it."),
    );
  });
});

describe("openImageStore", () => {
  it.each([
    [{ threads: 0 }, "threads must be a whole number above 0, got 0."],
    [{ threads: -1 }, "threads must be a whole number above 0, got -1."],
    [{ threads: Number.NaN }, "threads must be a whole number above 0, got NaN."],
    [{ cacheBytes: Number.NaN }, "cacheBytes must be a number from 0 on, got NaN."],
    [{ cacheBytes: -5 }, "cacheBytes must be a number from 0 on, got -5."],
  ])("refuses %j", (options, message) => {
    expect(() => openImageStore(options)).toThrow(new InputError(message));
  });
});
