/** Oxford Flowers 102 against TensorFlow Datasets, of a stand-in that `parity/vtab/make_flowers.py` makes. */

import { rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flowersTasks } from "../../scripts/vtab/flowers.ts";
import type { VtabTask } from "../../scripts/vtab/task.ts";
import { element, matFile, matrix } from "./make-mat-file.ts";
import { copyStandIn, expectedOf, rowsOf, sizesOf, standInOf } from "./stand-in.ts";

const [task] = flowersTasks as [VtabTask];
const row = (name: string, ...values: readonly number[]) =>
  matrix({ name, dims: [1, values.length], values: element(2, Buffer.from(values)) });

describe("Oxford Flowers 102", () => {
  it("is what TensorFlow Datasets makes of it, files as they are", async () => {
    expect(await rowsOf(task, standInOf("flowers"))).toEqual(expectedOf("flowers"));
  });

  it("has slices of VTAB's sizes", () => {
    expect(sizesOf(task)).toEqual({ train800: 800, val200: 200, test: 6149 });
    expect(task.slices.val200.split).toBe("validation");
  });

  it("names images that are missing, before any is read", async () => {
    const folder = copyStandIn("flowers");
    const jpg = join(folder, "jpg");
    await rm(join(jpg, "image_00012.jpg"));
    await expect(rowsOf(task, folder)).rejects.toThrow(
      `${join(jpg, "image_00012.jpg")}: there is no such file, but it is in setid.mat. Extract 102flowers.tgz again, whole.`,
    );
    for (const number of [13, 14]) await rm(join(jpg, `image_000${number}.jpg`));
    await expect(rowsOf(task, folder)).rejects.toThrow(
      /jpg: there is no such file, but it is in setid\.mat, and so are 2 more that are missing\. Extract 102flowers\.tgz again, whole\.$/,
    );
    await rm(jpg, { recursive: true });
    await expect(rowsOf(task, folder)).rejects.toThrow(`${jpg}: there is no such folder.`);
  });

  it("refuses labels that are cut short, out of range or of too few images", async () => {
    const folder = copyStandIn("flowers");
    const [labels, set] = [join(folder, "imagelabels.mat"), join(folder, "setid.mat")];
    await writeFile(set, matFile(row("trnid", 1), row("valid", 2), row("tstid", 3)));
    await writeFile(labels, matFile(row("labels", 1, 102, 103)));
    await expect(rowsOf(task, folder)).rejects.toThrow(
      `${labels}: the label of image 3 is 103; 1 to 102 are expected.`,
    );
    await writeFile(labels, matFile(row("labels", 1, 102)));
    await expect(rowsOf(task, folder)).rejects.toThrow(
      `${set} names image 3; ${labels} has labels of images 1 to 2. Download both again.`,
    );
    await truncate(labels, 150);
    await expect(rowsOf(task, folder)).rejects.toThrow(`${labels} has 150 bytes,`);
    await rm(labels);
    await expect(rowsOf(task, folder)).rejects.toThrow(`${labels}: there is no such file.`);
  });
});
