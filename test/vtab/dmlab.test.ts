/** DMLab against TensorFlow Datasets, of a stand-in that `parity/vtab/make_dmlab.py` makes. */

import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dmlabTasks } from "../../scripts/vtab/dmlab.ts";
import type { VtabTask } from "../../scripts/vtab/task.ts";
import { FileError } from "../../src/errors.ts";
import { copyStandIn, expectedOf, open, rowsOf, standInOf } from "./stand-in.ts";

const [dmlab] = dmlabTasks as [VtabTask];

describe("DMLab", () => {
  it("has the bytes, labels and order of TensorFlow Datasets", async () => {
    const read = await rowsOf(dmlab, join(standInOf("dmlab"), dmlab.folder));
    expect(read.train).toHaveLength(11);
    expect(read).toEqual(expectedOf("dmlab"));
  });

  it("says which split has no file", async () => {
    const folder = copyStandIn("dmlab", "dmlab");
    rmSync(join(folder, "dmlab-validation.tfrecord"));
    await expect(open(dmlab, folder)).rejects.toThrow(
      `${folder} has no file whose name begins with dmlab-validation.tfrecord. Extract dmlab.tar.gz again, whole.`,
    );
  });

  it("refuses records of something else", async () => {
    const folder = copyStandIn("dmlab", "dmlab");
    const path = join(folder, "dmlab-validation.tfrecord");
    writeFileSync(path, readFileSync(join(standInOf("dmlab"), "features.tfrecord")));
    const opened = open(dmlab, folder);
    await expect(opened).rejects.toBeInstanceOf(FileError);
    await expect(opened).rejects.toThrow(
      `${path}: the record at byte 12: the feature filename is missing; there are bytes, `,
    );
  });

  it("refuses a file that is cut short, also between opening and reading an image", async () => {
    const folder = copyStandIn("dmlab", "dmlab");
    const path = join(folder, "dmlab-validation.tfrecord");
    const { validation } = await open(dmlab, folder);
    truncateSync(path, 300);
    await expect(open(dmlab, folder)).rejects.toThrow("It is cut short; get it again.");
    await expect(validation?.[0]?.image()).rejects.toThrow("It is cut short; get it again.");
  });
});
