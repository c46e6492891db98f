/** Small NORB against TensorFlow Datasets, of a stand-in that `parity/vtab/make_small_norb.py` makes. */

import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { smallNorbTasks } from "../../scripts/vtab/small-norb.ts";
import type { VtabTask } from "../../scripts/vtab/task.ts";
import { copyStandIn, expectedOf, rowsOf, sizesOf, standInOf } from "./stand-in.ts";

const [azimuth] = smallNorbTasks as [VtabTask];
const dat = "smallnorb-5x46789x9x18x6x2x96x96-training-dat.mat";
const info = "smallnorb-5x01235x9x18x6x2x96x96-testing-info.mat";

describe("small NORB", () => {
  it.each(smallNorbTasks)("is what TensorFlow Datasets makes of it: $name", async (task) => {
    expect(await rowsOf(task, standInOf("small-norb"))).toEqual(expectedOf("small-norb", task.name));
  });

  it("is the same when unpacked", async () => {
    const folder = copyStandIn("small-norb");
    const path = join(folder, dat);
    await writeFile(path, gunzipSync(await readFile(`${path}.gz`)));
    await rm(`${path}.gz`);
    expect(await rowsOf(azimuth, folder)).toEqual(expectedOf("small-norb", azimuth.name));
  });

  it("has slices of VTAB's sizes", () => {
    for (const task of smallNorbTasks)
      expect(sizesOf(task)).toEqual({ train800: 800, val200: 200, test: 12_150 });
    expect(azimuth.slices.val200).toEqual({ split: "test", from: 0, to: 200 });
  });

  it("names a file that is missing", async () => {
    const folder = copyStandIn("small-norb");
    const path = join(folder, dat);
    await rm(`${path}.gz`);
    await expect(rowsOf(azimuth, folder)).rejects.toThrow(`${path}: there is no such file, nor ${path}.gz.`);
  });
});

type Change = (bytes: Buffer) => Buffer;
const word =
  (at: number, value: number): Change =>
  (bytes) => {
    bytes.writeInt32LE(value, at);
    return bytes;
  };
const few: Change = (bytes) => bytes.subarray(0, 100);
const more: Change = (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]);

describe("a matrix of small NORB", () => {
  it.each([
    [
      "of another type",
      info,
      word(0, 0x1e3d4c55),
      " is no matrix of int32 with 2 dimensions. Download it again.",
    ],
    ["of other dimensions", info, word(4, 3), " is no matrix of int32 with 2 dimensions. Download it again."],
    [
      "of another shape",
      info,
      word(12, 5),
      " has the shape [24, 5]; [images, 4] is expected. Download it again.",
    ],
    [
      "of a negative shape",
      info,
      word(8, -1),
      " has the shape [-1, 4]; [images, 4] is expected. Download it again.",
    ],
    [
      "that claims more",
      info,
      word(8, 1e8),
      " ends before what its header says. It is cut short; download it again.",
    ],
    ["that has more", info, more, " has more bytes than its header says. Download it again."],
    [
      "that is cut short",
      info,
      few,
      " ends before what its header says. It is cut short; download it again.",
    ],
    [
      "that is empty",
      info,
      () => Buffer.alloc(0),
      " ends before what its header says. It is cut short; download it again.",
    ],
    // Behind a header of 20 bytes, the third number of the first image.
    [
      "with an odd azimuth",
      info,
      word(28, 3),
      ": the azimuth of image 0 is 3; even numbers from 0 to 34 are expected.",
    ],
    [
      "with a large azimuth",
      info,
      word(28, 36),
      ": the azimuth of image 0 is 36; even numbers from 0 to 34 are expected.",
    ],
    [
      "of packed images that is cut short",
      `${dat}.gz`,
      few,
      " ends before what its header says. It is cut short; download it again.",
    ],
    [
      "of packed images that claims more",
      `${dat}.gz`,
      word(8, 1e8),
      " ends before what its header says. It is cut short; download it again.",
    ],
    [
      "of fewer images than labels",
      `${dat}.gz`,
      (bytes: Buffer) => word(8, 1)(bytes.subarray(0, 24 + 2 * 96 * 96)),
      " has 1 pairs of images, but there are labels of 24. Download both again.",
    ],
  ])("is refused: one %s", async (_, name, change, message) => {
    const folder = copyStandIn("small-norb");
    const path = join(folder, name);
    const bytes = await readFile(path);
    const packed = name.endsWith(".gz");
    await writeFile(path, packed ? gzipSync(change(gunzipSync(bytes))) : change(bytes));
    await expect(rowsOf(azimuth, folder)).rejects.toMatchObject({
      name: "FileError",
      message: `${path}${message}`,
    });
  });

  it("is refused: one whose gzip file is damaged or cut short", async () => {
    const folder = copyStandIn("small-norb");
    const path = join(folder, `${dat}.gz`);
    const message = `${path} cannot be inflated; it is damaged. Download it again.`;
    await truncate(path, 1000);
    await expect(rowsOf(azimuth, folder)).rejects.toThrow(message);
    await writeFile(path, "<!doctype html>");
    await expect(rowsOf(azimuth, folder)).rejects.toThrow(message);
  });
});
