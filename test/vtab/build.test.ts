/** VTAB-1k built from originals: as many images as there are, but in every other way as the script does. */

import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { buildTask } from "../../scripts/vtab/build-task.ts";
import { cifarTasks } from "../../scripts/vtab/cifar.ts";
import type { OriginalImage, VtabTask } from "../../scripts/vtab/task.ts";
import { inTfdsOrder } from "../../scripts/vtab/tfds-order.ts";
import { writeTask } from "../../scripts/vtab/write-task.ts";
import { readDataset } from "../../src/datasets/read-dataset.ts";
import { FileError } from "../../src/errors.ts";
import { describeCopy } from "../../src/study/study-data.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const folder = temporaryFolder("vtab build");
const originals = join(folder, "originals");
const out = join(folder, "out");
const onProgress = () => {};
const [cifar] = cifarTasks as [VtabTask];
const small: VtabTask = {
  ...{ ...cifar, counts: { train: 20, test: 5 } },
  slices: {
    train800: { split: "train", from: 0, to: 8 },
    val200: { split: "train", from: 18, to: 20 },
    test: { split: "test", from: 0 },
  },
};

/** Records whose labels are 3 · index, and whose picture is of the colour (index, 100, 200) but for one number. */
function writeRecords(path: string, count: number): void {
  const records = Array.from({ length: count }, (_, index) => {
    const record = Buffer.alloc(3074, 100);
    record.set([7, 3 * index]);
    record.fill(index, 2, 2 + 1024).fill(200, 2 + 2048);
    record[2 + 33] = 255;
    return record;
  });
  writeFileSync(path, Buffer.concat(records));
}

beforeAll(() => {
  mkdirSync(join(originals, cifar.folder), { recursive: true });
  writeRecords(join(originals, cifar.folder, "train.bin"), 20);
  writeRecords(join(originals, cifar.folder, "test.bin"), 5);
});

describe("the order of TensorFlow Datasets", () => {
  // hashing.Hasher("train").hash_key(key) of tensorflow-datasets 4.9.10, sorted.
  it("is that of its hashes", () => {
    const keys = [...Array(12).keys(), "a/b.jpg", "a\\c.jpg"];
    const originals = keys.map((key) => ({ key, label: 0, image: () => ({ file: "" }) }));
    expect(inTfdsOrder("train", originals).map(({ key }) => key)).toEqual([
      6,
      5,
      "a/b.jpg",
      4,
      10,
      0,
      8,
      3,
      1,
      "a\\c.jpg",
      9,
      7,
      11,
      2,
    ]);
  });

  it("has no place for two images of one key", () => {
    const originals = ["a", "b", "a"].map((key) => ({ key, label: 0, image: () => ({ file: "" }) }));
    expect(() => inTfdsOrder("train", originals, { where: "folder" })).toThrow(
      new FileError(
        "folder: two images of the split train have the key a, by which they are ordered. Extract the originals again, into an empty folder.",
      ),
    );
  });
});

describe("a task that is built", () => {
  it("has the images of its slices in order, without loss, and their labels", async () => {
    expect(await buildTask(small, { originals, out, onProgress })).toBe("built");
    const data = await readDataset(join(out, "cifar"));
    // Nothing is said of the builder's own record.
    expect(data.notes.filter((note) => note.includes("built-by"))).toEqual([]);
    const order = inTfdsOrder(
      "train",
      (await small.originals?.open(join(originals, cifar.folder)))?.train ?? [],
    );
    const indexes = order.map(({ key }) => Number(key));
    const labels = readFileSync(join(out, "cifar", "train800.txt"), "utf8")
      .trim()
      .split("\n");
    expect(labels).toEqual(
      indexes.slice(0, 8).map((index, at) => `images/train800/00000${at}.png ${3 * index}`),
    );
    expect([data.splits.train.length, data.splits.val.length, data.splits.test.length]).toEqual([8, 2, 5]);
    expect(
      readFileSync(join(out, "cifar", "train800val200.txt"), "utf8")
        .trim()
        .split("\n"),
    ).toHaveLength(10);
    const { data: pixels } = await sharp(data.splits.val[1]?.path)
      .raw()
      .toBuffer({ resolveWithObject: true });
    const last = indexes[19] as number;
    expect([...pixels.subarray(0, 3), ...pixels.subarray(3 * 33, 3 * 34)]).toEqual([
      last,
      100,
      200,
      255,
      100,
      200,
    ]);
  });

  it("is known again by a study, and known to have changed", async () => {
    const place = join(out, "cifar");
    const copy = await describeCopy(await readDataset(place));
    expect(copy.kinds).toEqual({ PNG: 15 });
    expect(copy.built).toBe("VTAB-1k cifar of cifar100/3.0.2, built without loss from the originals");
    const image = join(place, "images/test/000000.png");
    writeFileSync(image, await sharp(image).negate().png().toBuffer());
    expect((await describeCopy(await readDataset(place))).built).toBe(
      "changed since it was built as VTAB-1k cifar",
    );
  });

  it("is left as it is where it is there already", async () => {
    const before = readFileSync(join(out, "cifar", "train800.txt"));
    expect(await buildTask(small, { originals, out, onProgress })).toBe("there already");
    expect(readFileSync(join(out, "cifar", "train800.txt"))).toEqual(before);
  });

  it("keeps grey pixels grey, and files of any kind as they are", async () => {
    const pixels = Uint8Array.from({ length: 12 }, (_, at) => 20 * at);
    const gif = await sharp({ create: { width: 2, height: 2, channels: 3, background: "red" } })
      .gif()
      .toBuffer();
    const images = [{ pixels, width: 4, height: 3, channels: 1 }, { bytes: gif }] as const;
    const two = ["a", "b"].map((key, at) => ({ key, label: at, image: () => images[at] as OriginalImage }));
    const place = join(folder, "kinds");
    await writeTask(
      small,
      { train800: two, val200: [], test: two },
      { folder: place, from: "memory", onProgress },
    );
    const written = readFileSync(join(place, "images/test/000000.png"));
    // The type of colour in a PNG's header: 0 is grey.
    expect(written[25]).toBe(0);
    expect([...(await sharp(written).toColourspace("b-w").raw().toBuffer())]).toEqual([...pixels]);
    expect(readFileSync(join(place, "images/train800/000001.gif"))).toEqual(gif);
  });

  it("leaves nothing where it is stopped", async () => {
    const stopped = new AbortController();
    const place = join(folder, "stopped");
    const options = { originals, out: place, signal: stopped.signal };
    const onProgress = (done: number) => done === 3 && stopped.abort();
    await expect(buildTask(small, { ...options, onProgress })).rejects.toThrow("aborted");
    expect(readdirSync(place)).toEqual([]);
    // Nothing is begun after Ctrl-C while originals were read.
    const asked: number[] = [];
    const watched = {
      ...small,
      originals: {
        files: "",
        open: async () => {
          stopped.abort();
          return { train: [], test: [] };
        },
      },
    };
    await expect(buildTask(watched, { ...options, onProgress: (done) => asked.push(done) })).rejects.toThrow(
      "aborted",
    );
    expect(asked).toEqual([]);
  });

  it("is missing where its originals are, and refused where they are not whole", async () => {
    expect(
      await buildTask(small, { originals: join(folder, "none"), out: join(folder, "o1"), onProgress }),
    ).toBe("missing");
    await expect(buildTask(cifar, { originals, out: join(folder, "o2"), onProgress })).rejects.toThrow(
      new FileError(
        `${join(originals, cifar.folder)}: train has 20 images, and that of cifar100/3.0.2 has 50,000. With others, cifar would be another task. Get it again, whole.`,
      ),
    );
    truncateSync(join(originals, cifar.folder, "test.bin"), 5 * 3074 - 1);
    await expect(buildTask(small, { originals, out: join(folder, "o3"), onProgress })).rejects.toThrow(
      "test.bin has 15,369 bytes, which are no whole number of records of 3,074. Download it again.",
    );
    expect(existsSync(join(folder, "o3", "cifar"))).toBe(false);
  });
});
