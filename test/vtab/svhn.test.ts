/** SVHN against TensorFlow Datasets, of a stand-in that `parity/vtab/make_svhn.py` makes. */

import { rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { svhnTasks } from "../../scripts/vtab/svhn.ts";
import type { VtabTask } from "../../scripts/vtab/task.ts";
import { element, matFile, matrix } from "./make-mat-file.ts";
import { copyStandIn, expectedOf, open, rowsOf, sizesOf, standInOf } from "./stand-in.ts";

const [task] = svhnTasks as [VtabTask];

describe("SVHN", () => {
  it("is what TensorFlow Datasets makes of it", async () => {
    expect(await rowsOf(task, standInOf("svhn"))).toEqual(expectedOf("svhn"));
  });

  it("has pixels of 32 × 32 in three channels", async () => {
    const { train = [] } = await open(task, standInOf("svhn"));
    expect(await train[0]?.image()).toMatchObject({ width: 32, height: 32, channels: 3 });
  });

  it("has slices of VTAB's sizes", () => {
    expect(sizesOf(task)).toEqual({ train800: 800, val200: 200, test: 26_032 });
    // 90 * 73257 // 100
    expect(task.slices.val200).toEqual({ split: "train", from: 65_931, to: 66_131 });
  });

  it("names the file that is missing or cut short", async () => {
    const folder = copyStandIn("svhn");
    const path = join(folder, "train_32x32.mat");
    await truncate(path, 400);
    await expect(rowsOf(task, folder)).rejects.toThrow(`${path} has 400 bytes,`);
    await rm(path);
    await expect(rowsOf(task, folder)).rejects.toThrow(`${path}: there is no such file.`);
  });

  const y = (...digits: readonly number[]) =>
    matrix({ name: "y", dims: [digits.length, 1], values: element(2, Buffer.from(digits)) });
  const X = (...dims: readonly number[]) => {
    const values = element(2, Buffer.alloc(dims.reduce((product, dim) => product * dim, 1)));
    return matrix({ name: "X", dims, values });
  };
  it.each([
    [
      "another shape",
      [X(16, 64, 3, 2), y(1, 2)],
      ": X is Uint8Array of shape [16, 64, 3, 2]; bytes of shape [32, 32, 3, images] are expected. Download it again.",
    ],
    ["too few labels", [X(32, 32, 3, 2), y(1)], " has 2 images, but 1 labels. Download it again."],
    [
      "a label out of range",
      [X(32, 32, 3, 2), y(10, 0)],
      ": the label of image 1 is 0; 1 to 10 are expected. The file is damaged; get it again.",
    ],
    [
      "another label out of range",
      [X(32, 32, 3, 1), y(11)],
      ": the label of image 0 is 11; 1 to 10 are expected. The file is damaged; get it again.",
    ],
  ])("is refused: %s", async (_, arrays, message) => {
    const folder = copyStandIn("svhn");
    const path = join(folder, "test_32x32.mat");
    await writeFile(path, matFile(...arrays));
    await expect(rowsOf(task, folder)).rejects.toMatchObject({
      name: "FileError",
      message: `${path}${message}`,
    });
  });
});
