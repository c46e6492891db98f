/** EuroSAT and NWPU-RESISC45 against TensorFlow Datasets, of stand-ins that `parity/vtab/` makes. */

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { eurosatTasks } from "../../scripts/vtab/eurosat.ts";
import { resiscTasks } from "../../scripts/vtab/resisc.ts";
import type { VtabTask } from "../../scripts/vtab/task.ts";
import { FileError } from "../../src/errors.ts";
import { copyStandIn, expectedOf, open, rowsOf, standInOf } from "./stand-in.ts";

const [eurosat] = eurosatTasks as [VtabTask];
const [resisc] = resiscTasks as [VtabTask];

describe.each([
  { name: "eurosat", task: eurosat, images: 22, classes: 10, last: "SeaLake" },
  { name: "resisc", task: resisc, images: 47, classes: 45, last: "wetland" },
])("$name", ({ name, task, images, classes, last }) => {
  it("has the files, labels and order of TensorFlow Datasets", async () => {
    const read = await rowsOf(task, join(standInOf(name), task.folder));
    expect(read.train).toHaveLength(images);
    expect(new Set(read.train?.map(({ label }) => label)).size).toBe(classes);
    expect(read).toEqual(expectedOf(name));
  });

  it("passes over what is no image of it, and refuses a folder of no class", async () => {
    const folder = copyStandIn(name, task.folder);
    writeFileSync(join(folder, "readme.txt"), "");
    mkdirSync(join(folder, ".cache"));
    for (const file of ["._one.jpg", "Thumbs.db"]) writeFileSync(join(folder, last, file), "");
    expect((await open(task, folder)).train).toHaveLength(images);
    mkdirSync(join(folder, "volcano"));
    await expect(open(task, folder)).rejects.toThrow(
      `${join(folder, "volcano")} is a folder of no class. The`,
    );
    await expect(open(task, folder)).rejects.toBeInstanceOf(FileError);
  });

  it("names a class that is missing, and a folder that is", async () => {
    const folder = copyStandIn(name, task.folder);
    rmSync(join(folder, last), { recursive: true });
    await expect(open(task, folder)).rejects.toThrow(
      `${join(folder, last)}: there is no such folder. Extract the data set again, whole.`,
    );
    renameSync(folder, `${folder} elsewhere`);
    await expect(open(task, folder)).rejects.toThrow(`${folder}: there is no such folder.`);
  });
});

describe("slices of one split", () => {
  // train[:60 %], train[60 %:80 %] and train[80 %:] of 27,000 and of 31,500.
  it.each([
    { task: eurosat, train: 16_200, test: 21_600, left: 5_400 },
    { task: resisc, train: 18_900, test: 25_200, left: 6_300 },
  ])("are those of the paper: $task.name", ({ task, train, test, left }) => {
    expect(task.slices).toEqual({
      train800: { split: "train", from: 0, to: 800 },
      val200: { split: "train", from: train, to: train + 200 },
      test: { split: "train", from: test },
    });
    expect(Number(task.counts.train) - test).toBe(left);
  });
});
