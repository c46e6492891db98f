/** Oxford-IIIT Pets against TensorFlow Datasets, of a stand-in that `parity/vtab/make_pets.py` makes. */

import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { petsTasks } from "../../scripts/vtab/pets.ts";
import type { VtabTask } from "../../scripts/vtab/task.ts";
import { copyStandIn, expectedOf, rowsOf, sizesOf, standInOf } from "./stand-in.ts";

const [task] = petsTasks as [VtabTask];

describe("Oxford-IIIT Pets", () => {
  it("is what TensorFlow Datasets makes of it, files as they are", async () => {
    expect(await rowsOf(task, standInOf("pets"))).toEqual(expectedOf("pets"));
  });

  it("has slices of VTAB's sizes", () => {
    expect(sizesOf(task)).toEqual({ train800: 800, val200: 200, test: 3669 });
    // 80 * 3680 // 100
    expect(task.slices.val200).toEqual({ split: "train", from: 2944, to: 3144 });
  });

  it("reads lists of Windows", async () => {
    const folder = copyStandIn("pets");
    await writeFile(join(folder, "annotations", "test.txt"), "beagle_1 5 2 4\r\npug_2 26 2 18\r\n");
    for (const name of ["beagle_1", "pug_2"]) await writeFile(join(folder, "images", `${name}.jpg`), "");
    const { test } = await rowsOf(task, folder);
    expect(test?.map(({ key, label }) => [key, label]).sort()).toEqual([
      ["beagle_1.jpg", 4],
      ["pug_2.jpg", 25],
    ]);
  });

  it("names a list or an image that is missing", async () => {
    const folder = copyStandIn("pets");
    const image = join(folder, "images", "Abyssinian_1.jpg");
    await rm(image);
    await expect(rowsOf(task, folder)).rejects.toThrow(
      `${image}: there is no such file, but it is in a list of annotations. Extract images.tar.gz again, whole.`,
    );
    const list = join(folder, "annotations", "trainval.txt");
    await rm(list);
    await expect(rowsOf(task, folder)).rejects.toThrow(`${list}: there is no such file.`);
  });

  it.each([
    [
      "pug_1 26 2",
      'line 2 is "pug_1 26 2"; a name and three numbers are expected. Extract annotations.tar.gz again.',
    ],
    [
      "../pug 1 1 1",
      'line 2 is "../pug 1 1 1"; a name and three numbers are expected. Extract annotations.tar.gz again.',
    ],
    ["", 'line 2 is ""; a name and three numbers are expected. Extract annotations.tar.gz again.'],
    ["pug_1 38 2 1", "line 2: the class is 38; 1 to 37 are expected. The file is damaged; get it again."],
    ["pug_1 0 2 1", "line 2: the class is 0; 1 to 37 are expected. The file is damaged; get it again."],
  ])("refuses the line %j", async (line, message) => {
    const folder = copyStandIn("pets");
    const list = join(folder, "annotations", "trainval.txt");
    await writeFile(list, `beagle_1 5 2 4\n${line}\n`);
    await expect(rowsOf(task, folder)).rejects.toMatchObject({
      name: "FileError",
      message: `${list}: ${message}`,
    });
  });
});
