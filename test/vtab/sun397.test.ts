/** SUN397 against TensorFlow Datasets, of a stand-in that `parity/vtab/make_sun397.py` makes. */

import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sun397Tasks } from "../../scripts/vtab/sun397.ts";
import type { VtabTask } from "../../scripts/vtab/task.ts";
import { FileError, InputError } from "../../src/errors.ts";
import { showValue } from "../../src/files/show-value.ts";
import { copyStandIn, expectedOf, open, rowsOf, standInOf } from "./stand-in.ts";

const [sun397] = sun397Tasks as [VtabTask];
const golden = join(standInOf("sun397"), sun397.folder);
const expected = expectedOf("sun397");
/** BMP and GIF files are named .jpg too. */
const kindOf = (key: string | number): string =>
  readFileSync(join(golden, String(key)), "latin1").slice(0, 2);
const isKept = (key: string | number): boolean => !["BM", "GI"].includes(kindOf(key));

describe("SUN397", () => {
  it("has the labels and order of TensorFlow Datasets, and files as they are but for BMP and GIF", async () => {
    expect(await rowsOf(sun397, golden)).toEqual(expected);
  });

  it("keeps files by their first bytes, whatever their names say", async () => {
    const read = Object.values(await open(sun397, golden)).flat();
    expect(read).toHaveLength(24);
    for (const { key, image } of read)
      expect(await image(), String(key)).toHaveProperty(isKept(key) ? "file" : "pixels");
    expect(read.filter(({ key }) => !isKept(key))).toHaveLength(6);
  });

  it("says which list is missing and where it is from", async () => {
    const folder = copyStandIn("sun397", "SUN397");
    rmSync(join(folder, "sun397_tfds_va.txt"));
    const opened = open(sun397, folder);
    await expect(opened).rejects.toBeInstanceOf(InputError);
    await expect(opened).rejects.toThrow(
      `${join(folder, "sun397_tfds_va.txt")}: there is no such file. Download sun397_tfds_va.txt from https://github.com/tensorflow/datasets/`,
    );
  });

  it.each(["<!DOCTYPE html>", "/a/../../secret.jpg", "a/abbey/sun_a.jpg", "/sun_a.jpg"])(
    "refuses a list with the line %s",
    async (line) => {
      const folder = copyStandIn("sun397", "SUN397");
      writeFileSync(join(folder, "sun397_tfds_te.txt"), `${line}\n`);
      const opened = open(sun397, folder);
      await expect(opened).rejects.toBeInstanceOf(FileError);
      await expect(opened).rejects.toThrow(`sun397_tfds_te.txt has the line ${showValue(line)}; a name`);
    },
  );

  it("names an image and a class that are missing", async () => {
    const folder = copyStandIn("sun397", "SUN397");
    const gone = String(expected.test?.[0]?.key);
    rmSync(join(folder, gone));
    await expect(open(sun397, folder)).rejects.toThrow(
      `${join(folder, gone)}: there is no such file, but it is in a list of TensorFlow Datasets.`,
    );
    rmSync(join(folder, "y/yard"), { recursive: true });
    await expect(open(sun397, folder)).rejects.toThrow(`${join(folder, "y/yard")}: there is no such folder.`);
  });

  it("refuses an image that is cut short or none", async () => {
    const folder = copyStandIn("sun397", "SUN397");
    const bitmap = Object.values(expected)
      .flat()
      .find(({ key }) => kindOf(key) === "BM");
    const path = join(folder, String(bitmap?.key));
    const read = async () => {
      const all = Object.values(await open(sun397, folder)).flat();
      return all.find(({ key }) => key === bitmap?.key)?.image();
    };
    truncateSync(path, 60);
    await expect(read()).rejects.toThrow(path);
    writeFileSync(path, "");
    await expect(read()).rejects.toThrow(`${path} is empty (0 bytes).`);
  });
});
